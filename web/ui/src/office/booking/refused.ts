import type { FieldProblem } from "../../api/model";
import type { Draft } from "./draft";

/**
 * What the server refused and still stands as it was sent: a field that has been changed since is no longer wrong. A short title
 * that was made from the title is wrong only with it, and nobody could mend it alone.
 */
export function stillRefused(fields: readonly FieldProblem[], sent: Draft, draft: Draft): FieldProblem[] {
  const titleToo = fields.some((one) => one.field === "title");
  return fields.filter((one) => {
    if (one.field === "short_title" && titleToo && !sent.shortTitle.trim()) return false;
    return valueAt(sent, one.field) === valueAt(draft, one.field);
  });
}

/** Undefined for what is not a line of text in the form. */
function valueAt(draft: Draft, path: string): string | undefined {
  if (path === "title") return draft.title;
  // Empty is made from the title, and changes with it.
  if (path === "short_title") return draft.shortTitle.trim() || draft.title;
  const found = /^agenda\[(\d+)\]\.(title|presenter|minutes)$/.exec(path);
  const item = found ? draft.agenda[Number(found[1])] : undefined;
  if (!found || !item) return undefined;
  if (found[2] === "title") return item.title;
  return found[2] === "presenter" ? item.presenter : String(item.minutes);
}
