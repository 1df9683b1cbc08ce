/** Records one utterance: until stop(), 1.5 s of silence after speech, or 30 s. */

import { encode } from "./wav.js";

const LONGEST = 30;
const TRAILING_SILENCE = 1.5;
const PATIENCE = 8;
// Louder than this is speech, whatever the room; quieter never is.
const SURELY_SPEECH = 0.1;
const SURELY_SILENCE = 0.008;

export class MicrophoneError extends Error {}

export class Recording {
  /** onLevel gets 0 to 1 some 50 times a second; onEnd gets a WAV Blob, or null if nobody spoke. */
  constructor(onLevel, onEnd) {
    this.onLevel = onLevel;
    this.onEnd = onEnd;
    this.blocks = [];
    this.seconds = 0;
    this.quiet = 0;
    this.heard = false;
    this.floor = SURELY_SPEECH;
  }

  async start() {
    if (!window.isSecureContext || !navigator.mediaDevices?.getUserMedia) {
      throw new MicrophoneError("浏览器只在 https 网址或本机网址上允许使用话筒。请打字提问，或者用 https 打开本页。");
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
      await this.listen();
    } catch (error) {
      this.release();
      throw new MicrophoneError(why(error));
    }
  }

  async listen() {
    this.context = new AudioContext();
    await this.context.audioWorklet.addModule(new URL("./recorder-worklet.js", import.meta.url));
    await this.context.resume();
    this.node = new AudioWorkletNode(this.context, "recorder", { numberOfOutputs: 0 });
    this.node.port.onmessage = (event) => this.take(event.data);
    this.context.createMediaStreamSource(this.stream).connect(this.node);
  }

  take(block) {
    if (this.ended) return;
    this.blocks.push(block);
    const length = block.length / this.context.sampleRate;
    this.seconds += length;
    const level = Math.sqrt(block.reduce((sum, sample) => sum + sample * sample, 0) / block.length);
    this.onLevel(Math.min(1, Math.sqrt(level) * 1.8));
    this.watch(level, length);
    if (this.seconds >= LONGEST || this.quiet >= TRAILING_SILENCE) this.stop();
    else if (!this.heard && this.seconds >= PATIENCE) this.stop();
  }

  watch(level, length) {
    // Follows the room down at once and up slowly, so that speech itself does not become the room's noise.
    this.floor = Math.min(level, this.floor * (1 + 0.2 * length) + 1e-6);
    const speech = level > SURELY_SPEECH || level > Math.max(SURELY_SILENCE, this.floor * 4);
    if (speech) this.voiced = (this.voiced ?? 0) + length;
    if (this.voiced > 0.1) this.heard = true;
    this.quiet = speech || !this.heard ? 0 : this.quiet + length;
  }

  /** End the recording and hand it over. Anything audible is sent: the server judges better than a threshold here. */
  async stop() {
    if (this.ended) return;
    this.ended = true;
    const rate = this.context?.sampleRate;
    this.release();
    if (!this.voiced) return this.onEnd(null);
    this.onEnd(await encode(joined(this.blocks), rate));
  }

  /** End the recording and forget it. */
  cancel() {
    this.ended = true;
    this.release();
  }

  release() {
    this.stream?.getTracks().forEach((track) => track.stop());
    if (this.context?.state !== "closed") this.context?.close();
  }
}

function joined(blocks) {
  const whole = new Float32Array(blocks.reduce((sum, block) => sum + block.length, 0));
  let at = 0;
  for (const block of blocks) {
    whole.set(block, at);
    at += block.length;
  }
  return whole;
}

function why(error) {
  if (error.name === "NotAllowedError") return "没有得到使用话筒的许可。请在浏览器的网址栏里允许使用话筒，或者打字提问。";
  if (error.name === "NotFoundError") return "没有找到话筒。请接上话筒后再试，或者打字提问。";
  if (error.name === "NotReadableError") return "话筒正被别的程序使用。请关掉那个程序后再试，或者打字提问。";
  return "话筒打不开。请打字提问，或者换一个浏览器再试。";
}
