import type { IssuedInvitation } from "../../api/model";

/** The whole address, as it goes into a letter. */
export function fullLink(invitation: IssuedInvitation, origin: string): string {
  return new URL(invitation.link, origin).href;
}

/** One line each: name, a tab, the link; pastes into a letter and into a sheet alike. */
export function asText(invitations: readonly IssuedInvitation[], origin: string): string {
  return invitations.map((one) => `${one.name}\t${fullLink(one, origin)}`).join("\n");
}

/** RFC 4180, with the mark of UTF-8 that Excel needs for Vietnamese. */
export function asCsv(
  heads: readonly [string, string],
  invitations: readonly IssuedInvitation[],
  origin: string,
): string {
  const lines = [heads, ...invitations.map((one) => [one.name, fullLink(one, origin)] as const)];
  return "\uFEFF" + lines.map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
}

function cell(text: string): string {
  // A sheet runs a cell that begins so as a formula; a leading apostrophe makes it text.
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}
