/** The secret of an invitation out of whatever was pasted: the whole link, its path, or the code alone. */
export function secretOf(pasted: string): string | undefined {
  const text = pasted.trim();
  const inLink = /\/j\/([A-Za-z0-9_-]+)\/?(?:[?#].*)?$/.exec(text);
  const secret = inLink?.[1] ?? text;
  // Shorter texts are words, not secrets; longer ones are not ours.
  return /^[A-Za-z0-9_-]{8,128}$/.test(secret) ? secret : undefined;
}
