// SHELL: the one peer connection. Negotiated once: what we send and a fixed pool of slots; who fills a slot, the server says.
import type { MediaLimits, SourceLayers, SourceName } from "../../generated/wire";
import { type Layer, layersFor, sent } from "./layers";
import { lean } from "./sdp";

export interface PeerEvents {
  offerMade(sdp: string, restart: boolean): void;
  offerFailed(restart: boolean): void;
  connected(): void;
  disconnected(): void;
  failed(): void;
}

/**
 * One layer, sharp and slow: text must be readable, a moving window may wait. There is no smaller one, half the size is no text; a weak line
 * gets fewer frames of the same. On our own weak line it goes before our face.
 */
const SCREEN_LAYER: RTCRtpEncodingParameters[] = [{ maxBitrate: 2_500_000, maxFramerate: 15, priority: "high" }];

interface Connection {
  pc: RTCPeerConnection;
  senders: Record<SourceName, RTCRtpSender>;
  audio: RTCRtpTransceiver[];
  video: RTCRtpTransceiver[];
}

export class Peer {
  #events: PeerEvents;
  #connection: Connection | null = null;
  #tracks: Record<SourceName, MediaStreamTrack | null> = { microphone: null, camera: null, screen: null };
  #streams = new Map<string, MediaStream>();
  /** As the server said last; of a source that is not named all layers are wanted. */
  #wanted: readonly SourceLayers[] = [];
  /** Parameters are changed one after the other: a browser refuses a change that was not made from the last one's result. */
  #tuning: Promise<void> = Promise.resolve();

  constructor(events: PeerEvents) {
    this.#events = events;
  }

  /** Makes a new connection and writes its offer. The m-lines stand in the order that gives them their meaning. */
  async build(limits: MediaLimits, videoSlots: number): Promise<void> {
    this.close();
    this.#wanted = [];
    try {
      const pc = new RTCPeerConnection({ bundlePolicy: "max-bundle", rtcpMuxPolicy: "require" });
      const sending = (kind: "audio" | "video", sendEncodings?: RTCRtpEncodingParameters[]): RTCRtpSender => {
        const transceiver = pc.addTransceiver(kind, { direction: "sendonly", ...(sendEncodings && { sendEncodings }) });
        prefer(transceiver, kind);
        return transceiver.sender;
      };
      const receiving = (kind: "audio" | "video", count: number): RTCRtpTransceiver[] =>
        Array.from({ length: count }, () => {
          const transceiver = pc.addTransceiver(kind, { direction: "recvonly" });
          prefer(transceiver, kind);
          return transceiver;
        });
      const senders = {
        microphone: sending("audio"),
        camera: sending("video", cameraLayers(this.#tracks.camera)),
        screen: sending("video", SCREEN_LAYER),
      };
      const connection: Connection = {
        pc,
        senders,
        audio: receiving("audio", limits.audio_slots),
        video: receiving("video", Math.min(videoSlots, limits.video_slots_max)),
      };
      this.#connection = connection;
      this.#watch(connection);
      await keepSharp(senders.screen);
      await Promise.all(
        (["microphone", "camera", "screen"] as const).map((source) =>
          senders[source].replaceTrack(this.#tracks[source]),
        ),
      );
      await this.#offer(connection, false);
    } catch (cause) {
      // No WebRTC here (policy, old browser), or no VP8 in it: the meeting can still be followed as a list.
      console.warn("the media offer could not be made", cause);
      this.#events.offerFailed(false);
    }
  }

  /** New ICE credentials for the same m-lines. */
  async restart(): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return this.#events.offerFailed(true);
    try {
      // An offer that was never answered is taken back first; a second one on top of it would be refused by the browser.
      if (connection.pc.signalingState === "have-local-offer") {
        await connection.pc.setLocalDescription({ type: "rollback" });
      }
      await this.#offer(connection, true);
    } catch (cause) {
      console.warn("the restart offer could not be made", cause);
      this.#events.offerFailed(true);
    }
  }

  async accept(sdp: string): Promise<void> {
    const connection = this.#connection;
    if (connection === null) return;
    try {
      await connection.pc.setRemoteDescription({ type: "answer", sdp });
    } catch (cause) {
      console.warn("the server's answer was not accepted", cause);
      if (this.#connection === connection) this.#events.failed();
    }
  }

  /** What a source sends from now on; `null` sends nothing. The m-line stays. */
  async send(source: SourceName, track: MediaStreamTrack | null): Promise<void> {
    this.#tracks[source] = track;
    const sender = this.#connection?.senders[source];
    if (sender === undefined) return;
    try {
      await sender.replaceTrack(track);
      if (source === "camera" && track !== null) await this.#tune();
    } catch (cause) {
      // The connection was closed meanwhile; the next one starts from #tracks.
      console.warn(`the ${source} track could not be replaced`, cause);
    }
  }

  /** Which layers of our sources anybody is shown. The others are switched off at once, and on again when somebody wants them. */
  sendOnly(wanted: readonly SourceLayers[]): void {
    this.#wanted = wanted;
    void this.#tune();
  }

  /** Brings the camera's layers into line with its picture's size and with what is wanted. Nothing is negotiated by it. */
  #tune(): Promise<void> {
    this.#tuning = this.#tuning.then(async () => {
      const sender = this.#connection?.senders.camera;
      if (sender === undefined) return;
      try {
        await fit(sender, this.#tracks.camera, this.#wanted.find(({ source }) => source === "camera")?.rids);
      } catch (cause) {
        // The connection was closed meanwhile, or this browser changes no parameters: all layers go on, which costs only line.
        console.warn("the camera's layers could not be changed", cause);
      }
    });
    return this.#tuning;
  }

  /** The mids of the video slots, in m-line order. Empty before the offer is made. */
  videoMids(): string[] {
    return this.#connection?.video.flatMap((slot) => slot.mid ?? []) ?? [];
  }

  /** The stream of one slot: the same object as long as the connection lives, so that a picture never restarts by itself. */
  stream(mid: string): MediaStream | null {
    const known = this.#streams.get(mid);
    if (known !== undefined) return known;
    const slot = this.#connection?.video.find((transceiver) => transceiver.mid === mid);
    if (slot === undefined) return null;
    const stream = new MediaStream([slot.receiver.track]);
    this.#streams.set(mid, stream);
    return stream;
  }

  audioTracks(): MediaStreamTrack[] {
    return this.#connection?.audio.map((transceiver) => transceiver.receiver.track) ?? [];
  }

  async stats(): Promise<RTCStatsReport | null> {
    return (await this.#connection?.pc.getStats()) ?? null;
  }

  close(): void {
    const connection = this.#connection;
    this.#connection = null;
    this.#streams.clear();
    connection?.pc.close();
  }

  async #offer(connection: Connection, restart: boolean): Promise<void> {
    await connection.pc.setLocalDescription(await connection.pc.createOffer({ iceRestart: restart }));
    // The server is ICE-lite: it learns our addresses from our checks, so the offer leaves without waiting for candidates.
    const written = connection.pc.localDescription?.sdp;
    if (this.#connection !== connection) return;
    const sdp = written === undefined ? undefined : lean(written);
    if (sdp === undefined) this.#events.offerFailed(restart);
    else this.#events.offerMade(sdp, restart);
  }

  #watch(connection: Connection): void {
    connection.pc.onconnectionstatechange = () => {
      if (this.#connection !== connection) return;
      switch (connection.pc.connectionState) {
        case "connected":
          return this.#events.connected();
        case "disconnected":
          return this.#events.disconnected();
        case "failed":
          return this.#events.failed();
        case "new":
        case "connecting":
        case "closed":
          return;
        default:
          return connection.pc.connectionState satisfies never;
      }
    };
  }
}

/** A screen never shrinks under load: it loses frames instead. */
async function keepSharp(screen: RTCRtpSender): Promise<void> {
  const parameters = screen.getParameters();
  parameters.degradationPreference = "maintain-resolution";
  try {
    await screen.setParameters(parameters);
  } catch (cause) {
    // Where it cannot be said (Safari), the track's content hint says the same.
    console.info("this browser takes no degradation preference", cause);
  }
}

/** Before a camera is on it is taken for a large one; `fit` mends that when its track comes. */
function cameraLayers(track: MediaStreamTrack | null): Layer[] {
  const { width = 1280, height = 720 } = track?.getSettings() ?? {};
  return layersFor(width, height);
}

/** Another camera may have another size: the layers keep their names and are scaled anew. */
async function fit(
  sender: RTCRtpSender,
  track: MediaStreamTrack | null,
  wanted: readonly string[] | undefined,
): Promise<void> {
  const layers = sent(cameraLayers(track), wanted);
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) {
    const layer = layers.find((one) => one.rid === encoding.rid);
    if (layer !== undefined) Object.assign(encoding, layer);
  }
  await sender.setParameters(parameters);
}

/**
 * Opus and VP8 with retransmission, and nothing else: what the server forwards, and an offer half as long. Sound with redundancy stands
 * first where the browser knows it: it sends it only then.
 */
function prefer(transceiver: RTCRtpTransceiver, kind: "audio" | "video"): void {
  // Without a say (Firefox before 128) the server chooses the same from the longer list.
  if (!("setCodecPreferences" in transceiver)) return;
  const wanted = kind === "audio" ? ["audio/red", "audio/opus"] : ["video/vp8", "video/rtx"];
  const place = (codec: RTCRtpCodec): number => wanted.indexOf(codec.mimeType.toLowerCase());
  const codecs = RTCRtpReceiver.getCapabilities(kind)
    ?.codecs.filter((codec) => place(codec) >= 0)
    .sort((one, other) => place(one) - place(other));
  if (codecs !== undefined && codecs.length > 0) transceiver.setCodecPreferences(codecs);
}
