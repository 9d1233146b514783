/** How wide a text will be drawn, so that a label that does not fit its bar can stand beside it instead of being cut. */
export const FONT = '500 12px "Be Vietnam Pro"';
let pen: CanvasRenderingContext2D | null | undefined;

export function textWidth(text: string, font = FONT): number {
  pen ??= document.createElement("canvas").getContext("2d");
  // Without a canvas (never in the browsers that can join): a generous guess by the number of letters.
  if (!pen) return text.length * 8;
  pen.font = font;
  return pen.measureText(text).width;
}
