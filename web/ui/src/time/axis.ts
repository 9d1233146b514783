/** Places on an axis of time, as fractions of its length: what the week strip, the free/busy chart and the lanes share. */
export interface Axis {
  from: number;
  to: number;
}

export interface Block {
  /** Share of the axis before the block, 0 to 1. */
  left: number;
  width: number;
}

/** Where a moment stands, 0 to 1; may lie outside when the moment does. */
export function place(axis: Axis, at: number): number {
  return axis.to === axis.from ? 0 : (at - axis.from) / (axis.to - axis.from);
}

/** The visible part of a span; undefined when nothing of it is on the axis. */
export function block(axis: Axis, from: number, to: number): Block | undefined {
  const left = Math.max(0, place(axis, from));
  const right = Math.min(1, place(axis, to));
  return right > left ? { left, width: right - left } : undefined;
}

/** Moments at every whole step from the start of the axis, the ends included. */
export function steps(axis: Axis, step: number): number[] {
  const out: number[] = [];
  for (let at = Math.ceil(axis.from / step) * step; at <= axis.to; at += step) out.push(at);
  return out;
}

/** Puts spans that overlap on different rows: each on the first row that is free when it starts. */
export function rows<T>(items: readonly T[], span: (item: T) => Axis): T[][] {
  const out: T[][] = [];
  for (const item of items.toSorted((a, b) => span(a).from - span(b).from || span(b).to - span(a).to)) {
    const free = out.find((row) => {
      const last = row.at(-1);
      return last === undefined || span(last).to <= span(item).from;
    });
    if (free) free.push(item);
    else out.push([item]);
  }
  return out;
}
