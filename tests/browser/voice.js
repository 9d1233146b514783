// What the fake microphones hear: bursts like syllables, because Chromium's own beep is too short to be taken for a voice.
import { writeFile } from "node:fs/promises";

const RATE_HZ = 16_000;
/** Longer than any echo canceller looks back, and never twice the same: a repeated sound would be taken for an echo. */
const SECONDS = 20;
const SYLLABLE_S = [0.32, 0.55];
const PAUSE_S = [0.08, 0.22];
const PITCH_HZ = [110, 190];
/** Resonances of an open mouth, with their strength. */
const FORMANTS_HZ = [[650, 1], [1_150, 0.6], [2_500, 0.25]];
const PEAK = 0.4;
/** A syllable rises and falls within 30 ms. */
const RISE = 0.03 * RATE_HZ;

/** The same numbers in every run. */
function dice(seed) {
  let state = seed;
  return ([from, to]) => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return from + ((to - from) * state) / 2 ** 32;
  };
}

function samples() {
  const roll = dice(7);
  const whole = new Float32Array(RATE_HZ * SECONDS);
  let at = 0;
  while (at < whole.length) {
    const length = Math.floor(roll(SYLLABLE_S) * RATE_HZ);
    syllable(whole.subarray(at, at + length), roll(PITCH_HZ), roll([0.9, 1.15]));
    at += length + Math.floor(roll(PAUSE_S) * RATE_HZ);
  }
  return whole;
}

function syllable(into, pitch, glide) {
  const harmonics = Array.from({ length: 20 }, (_, index) => index + 1);
  const strength = harmonics.map((harmonic) => {
    const hz = harmonic * pitch;
    return FORMANTS_HZ.reduce((sum, [centre, gain]) => sum + gain / (1 + ((hz - centre) / 180) ** 2), 0.02);
  });
  const most = strength.reduce((sum, one) => sum + one, 0) / 2;
  let phase = 0;
  for (let n = 0; n < into.length; n += 1) {
    const through = n / into.length;
    phase += (2 * Math.PI * pitch * (1 + (glide - 1) * through)) / RATE_HZ;
    const envelope = Math.min(1, (through * into.length) / RISE, ((1 - through) * into.length) / RISE);
    let sum = 0;
    for (const harmonic of harmonics) sum += strength[harmonic - 1] * Math.sin(harmonic * phase);
    into[n] = Math.max(-1, Math.min(1, (PEAK * envelope * sum) / most));
  }
}

/** Writes the voice as a WAV file (PCM, 16 bits, one channel). */
export async function writeVoice(path) {
  const voice = samples();
  const file = Buffer.alloc(44 + voice.length * 2);
  file.write("RIFF", 0);
  file.writeUInt32LE(file.length - 8, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(RATE_HZ, 24);
  file.writeUInt32LE(RATE_HZ * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(voice.length * 2, 40);
  voice.forEach((sample, index) => file.writeInt16LE(Math.round(sample * 32_767), 44 + index * 2));
  await writeFile(path, file);
}
