// Which simulcast layers a camera of a given size is sent in.

export interface Layer {
  rid: string;
  scaleResolutionDownBy: number;
  maxBitrate: number;
  active: boolean;
}

/** Three layers a province's lines can carry: a wall tile, a strip tile, the main picture. Lowest first, as the server expects. */
const LADDER = [
  { rid: "q", maxBitrate: 150_000 },
  { rid: "h", maxBitrate: 500_000 },
  { rid: "f", maxBitrate: 1_500_000 },
] as const;

/**
 * Chromium sends fewer layers of a small picture (libwebrtc, `simulcast.cc`: three from 960x540, two from 480x270, else one) and leaves
 * out the last ones, which here are the largest: of a camera with 640x360 the others would only ever see 320x180. So the scale is
 * chosen such that the last layer that is sent is the whole picture.
 */
export function layersFor(width: number, height: number): Layer[] {
  const pixels = width * height;
  const sent = pixels >= 960 * 540 ? 3 : pixels >= 480 * 270 ? 2 : 1;
  return LADDER.map((layer, index) => ({
    ...layer,
    scaleResolutionDownBy: 2 ** Math.max(0, sent - 1 - index),
    active: index < sent,
  }));
}

/** The layers less those nobody is shown. Something is always sent: by it the others know that the camera is alive. */
export function sent(layers: readonly Layer[], wanted: readonly string[] | undefined): Layer[] {
  if (wanted === undefined) return [...layers];
  const asked = layers.map((layer) => ({ ...layer, active: layer.active && wanted.includes(layer.rid) }));
  return asked.some((layer) => layer.active) ? asked : [...layers];
}
