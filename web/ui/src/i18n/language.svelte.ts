import { en } from "./en";
import { formatsFor, type Formats, type Language } from "./format";
import { vi } from "./vi";

/** Vietnamese is the source of the type: a word missing in another language does not compile. */
export type Dictionary = typeof vi;

const DICTIONARIES: Record<Language, Dictionary> = { vi, en };
const FORMATS: Record<Language, Formats> = { vi: formatsFor("vi"), en: formatsFor("en") };
const KEY = "nhipcau.language";

let language = $state<Language>(stored(KEY) ?? "vi");
let owner: string | undefined;

/** The words of the reader's language: `t.office.home.title`. Reading it in a template follows the switch. */
export const t: Dictionary = {
  get shell() {
    return DICTIONARIES[language].shell;
  },
  get office() {
    return DICTIONARIES[language].office;
  },
  get meeting() {
    return DICTIONARIES[language].meeting;
  },
};

/** Dates, times, numbers in the reader's language: `f().clock(at)`. */
export function f(): Formats {
  return FORMATS[language];
}

export function currentLanguage(): Language {
  return language;
}

/** Chosen on this machine, and remembered for the person who is signed in, since office machines are shared. */
export function setLanguage(next: Language): void {
  language = next;
  document.documentElement.lang = next;
  remember(KEY, next);
  if (owner) remember(`${KEY}.${owner}`, next);
}

/** Takes up the language this person chose last here; called when somebody signs in. */
export function languageOf(personId: string | undefined): void {
  owner = personId;
  const theirs = personId ? stored(`${KEY}.${personId}`) : undefined;
  if (theirs) language = theirs;
  document.documentElement.lang = language;
}

function stored(key: string): Language | undefined {
  try {
    const value = localStorage.getItem(key);
    return value === "vi" || value === "en" ? value : undefined;
  } catch {
    // Storage switched off by policy: the language then lasts as long as the page.
    return undefined;
  }
}

function remember(key: string, value: Language): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As above: not being able to remember the language harms nothing.
  }
}
