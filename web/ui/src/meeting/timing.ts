// How lengths of time are written on the stage. Figures are tabular, so that a running clock does not shake.

/** `02:14`, `1:04:09`: what has passed. */
export function elapsed(ms: number): string {
  const { hours, minutes, seconds } = parts(ms);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
}

/** `2:46`, `0:52`: what is left, or how long something has lasted in a narrow place. */
export function short(ms: number): string {
  const { hours, minutes, seconds } = parts(ms);
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

function parts(ms: number): { hours: number; minutes: number; seconds: number } {
  const whole = Math.max(0, Math.floor(ms / 1000));
  return { hours: Math.floor(whole / 3600), minutes: Math.floor(whole / 60) % 60, seconds: whole % 60 };
}

const two = (value: number): string => String(value).padStart(2, "0");

/** A speaker's time, as the floor line and the floor card show it. */
export interface FloorTime {
  spent_ms: number;
  limit_ms: number;
  left_ms: number;
  /** 0 to 1 for the bar. */
  share: number;
  stage: "plenty" | "last_minute" | "last_seconds" | "over";
}

/** Whole seconds, cut the same way for what has passed and what is left, so that the two always add up to the limit. */
export function floorTime(since: number, limitSeconds: number, now: number): FloorTime {
  const spent = Math.max(0, Math.floor((now - since) / 1000)) * 1000;
  const limit = limitSeconds * 1000;
  const left = limit - spent;
  return {
    spent_ms: spent,
    limit_ms: limit,
    left_ms: left,
    share: limit === 0 ? 1 : Math.min(1, spent / limit),
    stage: left < 0 ? "over" : left <= 10_000 ? "last_seconds" : left <= 60_000 ? "last_minute" : "plenty",
  };
}
