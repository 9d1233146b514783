import { DAY_MS, HOUR_MS, MINUTE_MS, ZONE, minuteOfDay, writeClock } from "./zone";

export type Language = "vi" | "en";

const SHORT_DAYS: Record<Language, readonly string[]> = {
  vi: ["CN", "T2", "T3", "T4", "T5", "T6", "T7"],
  en: ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"],
};
const LOCALES: Record<Language, string> = { vi: "vi-VN", en: "en-GB" };

/** How dates, times, lengths and numbers are written in one language. All moments are Unix milliseconds. */
export interface Formats {
  /** `24/11/2026` */
  date(at: number): string;
  /** `24/11` */
  dayMonth(at: number): string;
  /** `Thứ Ba 24/11` */
  weekdayDate(at: number): string;
  /** `Thứ Ba 24/11/2026` */
  weekdayFullDate(at: number): string;
  /** `Thứ Hai, 23 tháng 11 năm 2026` */
  longDate(at: number): string;
  /** `T2` */
  shortWeekday(at: number): string;
  /** `08:00` */
  clock(at: number): string;
  /** `08:00:42`: live and recorded time only */
  clockSeconds(at: number): string;
  /** `08:00 - 10:30` */
  range(from: number, to: number): string;
  /** `43:51`, `2:31:07`: a place in a recording */
  position(ms: number): string;
  /** `2 giờ 31 phút` */
  length(ms: number): string;
  /** `còn 22 giờ 48 phút`, `12 phút trước`; beyond a day the date itself */
  relative(at: number, now: number): string;
  /** For what comes, where the date stands beside it: `còn 22 giờ 48 phút`, `còn 3 ngày` */
  ahead(at: number, now: number): string;
  /** `1.284`, `9,4` */
  number(value: number, digits?: number): string;
  /** `1,2 GB` */
  bytes(value: number): string;
}

const WORDS = {
  vi: {
    day: (n: number) => `${n} ngày`,
    hour: (n: number) => `${n} giờ`,
    minute: (n: number) => `${n} phút`,
    second: (n: number) => `${n} giây`,
    left: (text: string) => `còn ${text}`,
    ago: (text: string) => `${text} trước`,
    now: "ngay bây giờ",
  },
  en: {
    day: (n: number) => (n === 1 ? "1 day" : `${n} days`),
    hour: (n: number) => `${n} h`,
    minute: (n: number) => `${n} min`,
    second: (n: number) => `${n} s`,
    left: (text: string) => `in ${text}`,
    ago: (text: string) => `${text} ago`,
    now: "now",
  },
} as const;

export function formatsFor(language: Language): Formats {
  const locale = LOCALES[language];
  const words = WORDS[language];
  const parts = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options });
  const weekday = parts({ weekday: "long" });
  const shortWeekday = parts({ weekday: "short" });
  const day = parts({ day: "2-digit", month: "2-digit" });
  const full = parts({ day: "2-digit", month: "2-digit", year: "numeric" });
  const long = parts({ weekday: "long", day: "numeric", month: "long", year: "numeric" });

  const dayMonth = (at: number) => fields(day, at, ["day", "month"]);
  const date = (at: number) => fields(full, at, ["day", "month", "year"]);
  const weekdayWord = (at: number) => (language === "vi" ? weekday : shortWeekday).format(at);
  const clock = (at: number) => writeClock(Math.floor(minuteOfDay(at)));
  const length = (ms: number) => {
    if (ms < MINUTE_MS) return words.second(Math.round(ms / 1000));
    const minutes = Math.round(ms / MINUTE_MS);
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    if (hours === 0) return words.minute(rest);
    return rest === 0 ? words.hour(hours) : `${words.hour(hours)} ${words.minute(rest)}`;
  };

  const relative = (at: number, now: number) => {
    const distance = at - now;
    if (Math.abs(distance) >= DAY_MS) return date(at);
    if (Math.abs(distance) < MINUTE_MS) return words.now;
    // Whole minutes, rounded down, so that "còn 1 phút" is never said after the hour has struck.
    const whole = Math.floor(Math.abs(distance) / MINUTE_MS) * MINUTE_MS;
    return distance > 0 ? words.left(length(whole)) : words.ago(length(whole));
  };

  return {
    date,
    dayMonth,
    weekdayDate: (at) => `${weekdayWord(at)} ${dayMonth(at)}`,
    weekdayFullDate: (at) => `${weekdayWord(at)} ${date(at)}`,
    longDate: (at) => longDate(language, long, at),
    shortWeekday: (at) => SHORT_DAYS[language][new Date(at + 7 * HOUR_MS).getUTCDay()] ?? "",
    clock,
    clockSeconds: (at) => `${clock(at)}:${String(Math.floor(at / 1000) % 60).padStart(2, "0")}`,
    range: (from, to) => `${clock(from)} - ${clock(to)}`,
    position,
    length,
    relative,
    ahead: (at, now) =>
      at - now < DAY_MS ? relative(at, now) : words.left(words.day(Math.floor((at - now) / DAY_MS))),
    number: (value, digits = 0) =>
      new Intl.NumberFormat(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value),
    bytes: (value) => bytes(locale, value),
  };
}

/** `2:31:07`, `43:51`. */
function position(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

function fields(format: Intl.DateTimeFormat, at: number, order: readonly Intl.DateTimeFormatPartTypes[]): string {
  const found = format.formatToParts(at);
  return order.map((type) => found.find((part) => part.type === type)?.value ?? "").join("/");
}

function longDate(language: Language, format: Intl.DateTimeFormat, at: number): string {
  const found = (type: string) => format.formatToParts(at).find((part) => part.type === type)?.value ?? "";
  if (language === "en") return `${found("weekday")}, ${found("day")} ${found("month")} ${found("year")}`;
  const month = new Date(at + 7 * HOUR_MS).getUTCMonth() + 1;
  return `${found("weekday")}, ${found("day")} tháng ${month} năm ${found("year")}`;
}

function bytes(locale: string, value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let step = 0;
  let rest = value;
  while (rest >= 1000 && step < units.length - 1) {
    rest /= 1000;
    step += 1;
  }
  const digits = step === 0 || rest >= 100 ? 0 : 1;
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(rest)} ${units[step] ?? ""}`;
}
