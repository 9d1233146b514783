// SHELL: the microphone and camera of this machine: asking for them, choosing, losing and finding them again.
import { LevelMeter } from "./level";

export type DeviceKind = "microphone" | "camera";

/** Why a device gives nothing, in words a person can act on. */
export type DeviceState =
  | "off"
  | "asking"
  | "ready"
  /** The person or a policy said no. */
  | "denied"
  /** Nothing is plugged in. */
  | "missing"
  /** Another program holds it. */
  | "busy"
  /** Not a secure context, or a browser without capture. */
  | "unsupported";

export interface Device {
  id: string;
  label: string;
}

type TrackListener = (kind: DeviceKind, track: MediaStreamTrack | null) => void;

const KEY = "nhipcau.devices";

interface Chosen {
  microphone: string;
  camera: string;
  speaker: string;
}

export class Devices {
  microphone = $state<DeviceState>("off");
  camera = $state<DeviceState>("off");
  microphones = $state<Device[]>([]);
  cameras = $state<Device[]>([]);
  speakers = $state<Device[]>([]);
  chosen = $state<Chosen>(recall());
  /** What the preview shows. */
  preview = $state.raw<MediaStream | null>(null);
  readonly meter = new LevelMeter();

  #tracks: Record<DeviceKind, MediaStreamTrack | null> = { microphone: null, camera: null };
  #wanted: Record<DeviceKind, boolean> = { microphone: false, camera: false };
  #turn: Record<DeviceKind, number> = { microphone: 0, camera: 0 };
  #listener: TrackListener = () => undefined;

  constructor() {
    navigator.mediaDevices?.addEventListener("devicechange", this.#changed);
  }

  onTrack(listener: TrackListener): void {
    this.#listener = listener;
    for (const kind of ["microphone", "camera"] as const) listener(kind, this.#tracks[kind]);
  }

  track(kind: DeviceKind): MediaStreamTrack | null {
    return this.#tracks[kind];
  }

  /** Opens the device, or closes it: a camera that is off has its light off too. */
  async want(kind: DeviceKind, wanted: boolean): Promise<void> {
    this.#wanted[kind] = wanted;
    if (!wanted) {
      this.#put(kind, null);
      this[kind] = "off";
      return;
    }
    if (this.#tracks[kind]?.readyState !== "live") await this.#open(kind);
  }

  async choose(kind: DeviceKind, id: string): Promise<void> {
    this.chosen[kind] = id;
    remember(this.chosen);
    if (this.#wanted[kind]) await this.#open(kind);
  }

  chooseSpeaker(id: string): void {
    this.chosen.speaker = id;
    remember(this.chosen);
  }

  /** The id of the device that is really in use, which may not be the chosen one. */
  used(kind: DeviceKind): string {
    return this.#tracks[kind]?.getSettings().deviceId ?? this.chosen[kind];
  }

  close(): void {
    navigator.mediaDevices?.removeEventListener("devicechange", this.#changed);
    this.#listener = () => undefined;
    this.#put("microphone", null);
    this.#put("camera", null);
    this.meter.close();
  }

  async #open(kind: DeviceKind): Promise<void> {
    const media = navigator.mediaDevices;
    if (media === undefined) {
      this[kind] = "unsupported";
      return;
    }
    const turn = ++this.#turn[kind];
    if (this[kind] !== "ready") this[kind] = "asking";
    try {
      const stream = await media.getUserMedia(constraints(kind, this.chosen[kind]));
      const [track] = stream.getTracks();
      // Somebody chose again, or switched off, while the browser was asking.
      if (turn !== this.#turn[kind] || !this.#wanted[kind]) return track?.stop();
      this.#put(kind, track ?? null);
      this[kind] = track === undefined ? "missing" : "ready";
    } catch (cause) {
      if (turn !== this.#turn[kind]) return;
      this.#put(kind, null);
      this[kind] = stateOf(cause);
    }
    await this.#list();
  }

  #put(kind: DeviceKind, track: MediaStreamTrack | null): void {
    const before = this.#tracks[kind];
    if (before !== null) {
      before.onended = null;
      before.stop();
    }
    if (track !== null) track.onended = () => void this.#lost(kind, track);
    this.#tracks[kind] = track;
    if (kind === "camera") this.preview = track === null ? null : new MediaStream([track]);
    else this.meter.listen(track);
    this.#listener(kind, track);
  }

  /** Unplugged in use: take what is left; if nothing is, wait for `devicechange`. */
  async #lost(kind: DeviceKind, track: MediaStreamTrack): Promise<void> {
    if (this.#tracks[kind] !== track) return;
    this.#put(kind, null);
    this[kind] = "missing";
    if (this.#wanted[kind]) await this.#open(kind);
  }

  #changed = async (): Promise<void> => {
    await this.#list();
    for (const kind of ["microphone", "camera"] as const) {
      if (!this.#wanted[kind]) continue;
      const back =
        this.chosen[kind] !== "" && this.used(kind) !== this.chosen[kind] && this.#has(kind, this.chosen[kind]);
      if (this[kind] === "missing" || this[kind] === "busy" || back) await this.#open(kind);
    }
  };

  #has(kind: DeviceKind, id: string): boolean {
    return (kind === "microphone" ? this.microphones : this.cameras).some((device) => device.id === id);
  }

  async #list(): Promise<void> {
    try {
      const all = await navigator.mediaDevices.enumerateDevices();
      this.microphones = listOf(all, "audioinput");
      this.cameras = listOf(all, "videoinput");
      this.speakers = listOf(all, "audiooutput");
    } catch (cause) {
      // A list that cannot be read leaves the present choice in use.
      console.warn("the devices could not be listed", cause);
    }
  }
}

function constraints(kind: DeviceKind, id: string): MediaStreamConstraints {
  // `ideal`, not `exact`: a device that was taken away must not leave a site without any.
  const deviceId = id === "" ? {} : { deviceId: { ideal: id } };
  if (kind === "microphone") {
    return {
      audio: { ...deviceId, echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 },
    };
  }
  return { video: { ...deviceId, width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } } };
}

function listOf(all: MediaDeviceInfo[], kind: MediaDeviceKind): Device[] {
  // Chromium lists "default" and "communications" as further names of real devices.
  return all
    .filter((device) => device.kind === kind && device.deviceId !== "communications" && device.deviceId !== "")
    .map((device) => ({ id: device.deviceId, label: device.label }));
}

function stateOf(cause: unknown): DeviceState {
  const name = cause instanceof DOMException ? cause.name : "";
  switch (name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      console.warn("the device could not be opened", cause);
      return "unsupported";
  }
}

function recall(): Chosen {
  const none = { microphone: "", camera: "", speaker: "" };
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? "null");
    if (typeof kept !== "object" || kept === null) return none;
    const text = (name: keyof Chosen): string => {
      const value = (kept as Record<string, unknown>)[name];
      return typeof value === "string" ? value : "";
    };
    return { microphone: text("microphone"), camera: text("camera"), speaker: text("speaker") };
  } catch {
    // Storage switched off by policy, or not ours: the system's defaults are used.
    return none;
  }
}

function remember(chosen: Chosen): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(chosen));
  } catch {
    // As above.
  }
}
