// SHELL: runs the machine. It hands events in, carries effects out, and lets the views read the state.
import type { ClientMessage, SourceName } from "../generated/wire";
import { PictureBoard } from "./board.svelte";
import type { Announcement, Effect, Event, Inside, Intent, Seat, State, TimerName } from "./machine";
import { outside, reduce } from "./machine";
import { Devices } from "./media/devices.svelte";
import { Peer } from "./media/peer";
import { softTone, Speakers } from "./media/sound";
import { forgetSeat, rememberSeat } from "./seat";
import { MeetingSocket } from "./socket";

/** Video slots by the room a screen has: a phone's five tiles, an office's nine, a desk's wall of twenty-five, a large panel's of forty-nine. */
export type Screen = "phone" | "office" | "desk_wall" | "wall";
const SLOTS: Record<Screen, number> = { phone: 5, office: 9, desk_wall: 25, wall: 49 };

/** A timer that is this late says that the page itself was not running. */
const BUSY_MS = 1_500;

/** How often clocks on the page are looked at; they show whole seconds. */
const TICK_MS = 250;

/** No more than there are sites to see, with two to spare for those that come unannounced; never fewer than a phone shows. */
function slotsFor(screen: Screen, sites: number): number {
  return Math.min(SLOTS[screen], Math.max(SLOTS.phone, sites + 2));
}

export class MeetingSession {
  state = $state.raw<State>(outside);
  /** The page's clock, for what counts on the stage. */
  now = $state(Date.now());
  polite = $state.raw<Announcement | null>(null);
  urgent = $state.raw<Announcement | null>(null);
  soundBlocked = $state(false);
  /** Our own shared screen; it is never drawn back to ourselves but as a small picture. */
  sharedPreview = $state.raw<MediaStream | null>(null);
  /** Changes when the slots' streams are new objects. */
  connection = $state(0);
  readonly devices: Devices;
  readonly board: PictureBoard;

  #screen: Screen;
  #socket: MeetingSocket;
  #peer: Peer;
  #speakers: Speakers;
  #shared: MediaStreamTrack | null = null;
  #timers = new Map<TimerName, ReturnType<typeof setTimeout>>();
  #clock: ReturnType<typeof setInterval>;
  #removers: (() => void)[] = [];

  constructor(devices: Devices, screen: Screen) {
    this.devices = devices;
    this.#screen = screen;
    this.board = new PictureBoard(() => this.#viewChanged());
    this.#socket = new MeetingSocket({
      opened: () => this.tell({ kind: "socket_opened" }),
      heard: (message) => this.tell({ kind: "heard", message }),
      lost: () => this.tell({ kind: "socket_lost" }),
    });
    this.#peer = new Peer({
      offerMade: (sdp, restart) => {
        if (!restart) this.#newConnection();
        this.tell({ kind: "offer_made", sdp, restart });
      },
      offerFailed: (restart) => this.tell({ kind: "offer_failed", restart }),
      connected: () => this.tell({ kind: "media_connected" }),
      disconnected: () => this.tell({ kind: "media_disconnected" }),
      failed: () => this.tell({ kind: "media_failed" }),
    });
    this.#speakers = new Speakers((blocked) => (this.soundBlocked = blocked));
    this.#clock = setInterval(() => (this.now = Date.now()), TICK_MS);
    this.#watchNetwork();
    devices.onTrack((kind, track) => this.#deviceTrack(kind, track));
  }

  join(seat: Seat): void {
    // Captured now and held muted: the first word after "on" must not wait for the device to start.
    void this.devices.want("microphone", this.#screen === "phone" || this.#screen === "office");
    void this.devices.want("camera", seat.camera);
    this.tell({ kind: "join", seat });
  }

  tell(event: Event): void {
    const moment = { at: Date.now(), dice: Math.random(), online: navigator.onLine };
    const [next, effects] = reduce(this.state, event, moment);
    const slotsBefore = this.inside?.slots;
    this.state = next;
    for (const effect of effects) this.#carryOut(effect);
    if (this.inside !== null && this.inside.slots !== slotsBefore) this.#viewChanged();
  }

  get inside(): Inside | null {
    return this.state.at === "inside" ? this.state : null;
  }

  intend(intent: Intent): void {
    this.tell({ kind: "intend", intent });
  }

  isAsking(kind: ClientMessage["kind"]): boolean {
    return Object.values(this.inside?.pending ?? {}).some((request) => request.kind === kind);
  }

  switch(source: SourceName, on: boolean): void {
    if (source === "screen" && on) void this.#share();
    else this.tell({ kind: "switch", source, on });
  }

  stream(mid: string): MediaStream | null {
    return this.#peer.stream(mid);
  }

  async listen(): Promise<void> {
    await this.#speakers.start();
  }

  async chooseSpeaker(id: string): Promise<void> {
    this.devices.chooseSpeaker(id);
    await this.#speakers.use(id);
  }

  leave(): void {
    this.tell({ kind: "leave" });
  }

  /** The page goes elsewhere: everything is let go, the seat is not given up. */
  close(): void {
    clearInterval(this.#clock);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const remove of this.#removers) remove();
    this.#endSharing();
    this.board.close();
    this.#speakers.stop();
    this.#peer.close();
    this.#socket.close();
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case "open_socket":
        return this.#socket.open();
      case "close_socket":
        return this.#socket.close();
      case "send":
        return this.#socket.send(effect.envelope);
      case "start_timer":
        return this.#startTimer(effect.name, effect.ms);
      case "stop_timer":
        return this.#stopTimer(effect.name);
      case "remember_seat":
        return rememberSeat(effect.seat);
      case "forget_seat":
        return forgetSeat(effect.session);
      case "build_media":
        return void this.#peer.build(effect.limits, slotsFor(this.#screen, effect.sites));
      case "restart_media":
        return void this.#peer.restart();
      case "accept_answer":
        return void this.#peer.accept(effect.sdp);
      case "close_media":
        return this.#closeMedia();
      case "set_source":
        return this.#setSource(effect.source, effect.on);
      case "set_layers":
        return this.#peer.sendOnly(effect.layers);
      case "announce":
        if (effect.urgent) this.urgent = effect.what;
        else this.polite = effect.what;
        return;
      case "soft_tone":
        return void softTone().catch((cause: unknown) => console.warn("the tone could not be played", cause));
      default:
        return effect satisfies never;
    }
  }

  #startTimer(name: TimerName, ms: number): void {
    this.#stopTimer(name);
    const due = Date.now() + ms;
    this.#timers.set(
      name,
      setTimeout(() => {
        // A page that slept or was busy had messages waiting too: they are read before their absence is believed.
        if (name === "silence" && Date.now() - due > BUSY_MS) return this.#startTimer(name, BUSY_MS);
        this.#timers.delete(name);
        this.tell({ kind: "timer", name });
      }, ms),
    );
  }

  #stopTimer(name: TimerName): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  #newConnection(): void {
    this.connection += 1;
    this.#speakers.play(this.#peer.audioTracks());
    void this.#speakers.use(this.devices.chosen.speaker);
    this.#viewChanged();
  }

  #closeMedia(): void {
    this.#endSharing();
    this.#speakers.stop();
    this.#peer.close();
    void this.devices.want("microphone", false);
    void this.devices.want("camera", false);
  }

  #setSource(source: SourceName, on: boolean): void {
    switch (source) {
      case "microphone": {
        const track = this.devices.track("microphone");
        if (track !== null) track.enabled = on;
        if (on && track === null) void this.devices.want("microphone", true);
        return;
      }
      case "camera":
        return void this.devices.want("camera", on);
      case "screen":
        if (!on) this.#endSharing();
        return;
      default:
        return source satisfies never;
    }
  }

  #deviceTrack(kind: "microphone" | "camera", track: MediaStreamTrack | null): void {
    // A microphone found again after it was unplugged is as open as the button says, not as it comes.
    if (kind === "microphone" && track !== null) track.enabled = this.inside?.own.microphone.wanted ?? false;
    void this.#peer.send(kind, track);
  }

  async #share(): Promise<void> {
    let stream: MediaStream;
    try {
      // No width and no height: a page that is scaled before it is sent is not readable any more.
      stream = await navigator.mediaDevices.getDisplayMedia({
        video: { frameRate: { ideal: 15, max: 15 } },
        audio: false,
      });
    } catch (cause) {
      // Closing the browser's own chooser is an answer, not a failure.
      console.info("no screen was chosen", cause);
      return;
    }
    const [track] = stream.getVideoTracks();
    if (track === undefined) return;
    // Text before motion: sharp edges, whole resolution, as many frames as are left.
    track.contentHint = "text";
    track.onended = () => this.tell({ kind: "source_ended", source: "screen" });
    this.#endSharing();
    this.#shared = track;
    this.sharedPreview = stream;
    await this.#peer.send("screen", track);
    this.tell({ kind: "switch", source: "screen", on: true });
  }

  #endSharing(): void {
    const track = this.#shared;
    if (track === null) return;
    this.#shared = null;
    this.sharedPreview = null;
    track.onended = null;
    track.stop();
    void this.#peer.send("screen", null);
  }

  #viewChanged(): void {
    const { inside } = this;
    if (inside === null) return;
    const mids = this.#peer.videoMids();
    if (mids.length > 0) this.tell({ kind: "view_changed", view: this.board.view(mids, inside.slots) });
  }

  #watchNetwork(): void {
    const on = (target: EventTarget, name: string, listener: () => void): void => {
      target.addEventListener(name, listener);
      this.#removers.push(() => target.removeEventListener(name, listener));
    };
    on(window, "online", () => this.tell({ kind: "went_online" }));
    on(window, "offline", () => this.tell({ kind: "went_offline" }));
    // Only Chromium tells of a change from cable to Wi-Fi; elsewhere the failed checks do.
    const { connection } = navigator as Navigator & { connection?: EventTarget & { type?: string } };
    if (connection === undefined) return;
    let type = connection.type;
    on(connection, "change", () => {
      // It also fires for every new estimate of the speed, which is no new network.
      if (connection.type === type) return;
      type = connection.type;
      this.tell({ kind: "network_changed" });
    });
  }
}
