import { FONT, textWidth } from "./width";

/**
 * Widths that are taken anew once the letters of these texts are there: until then they are those of a substitute.
 * Call it while a component is made; the function it returns may be used wherever a value is derived.
 */
export function useTextWidth(texts: () => readonly string[]): (text: string) => number {
  let loads = $state(0);
  $effect(() => {
    const again = () => (loads += 1);
    // Where the font cannot be had, the substitute is what is drawn, and its widths are the right ones.
    document.fonts.load(FONT, texts().join(" ") || "a").then(again, again);
  });
  return (text) => {
    void loads;
    return textWidth(text);
  };
}
