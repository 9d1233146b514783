/**
 * Text as a field of one line takes it. Pasted text brings characters that nobody sees and that the server refuses: breaks and
 * tabs become a blank, other control characters, zero-width ones and those that turn the direction of writing are left out.
 */
export function oneLine(text: string): string {
  return text
    .normalize("NFC")
    .replace(/\s*[\t\n\v\f\r\u0085\u2028\u2029]+\s*/g, " ")
    .replace(/[\p{Cc}\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\uFFF9-\uFFFB]/gu, "");
}

/**
 * For `oninput`: what was pasted or dropped. Not for typing: some input methods for Vietnamese put an unseen character into the
 * text and take it back with the next key, and would lose a letter to a field that has cleaned up meanwhile.
 */
export function wasPutIn(event: Event): boolean {
  const how = event instanceof InputEvent ? event.inputType : "";
  return how === "insertFromPaste" || how === "insertFromDrop";
}
