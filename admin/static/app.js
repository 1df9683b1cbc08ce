/** The caller's page: puts microphone, typing and the conversation together. */

import { ServerError, askBySound, askByText, judge } from "./api.js";
import { answerBubble, callerBubble, failureBubble, waitingBubble } from "./bubbles.js";
import { Recording } from "./microphone.js";
import { listenButton, silence } from "./player.js";

const at = (id) => document.getElementById(id);
const log = at("log");
const talk = at("talk");
const microphone = at("microphone");
let recording = null;
let busy = false;
// Grows with "start again": what was still under way then belongs to nobody.
let round = 0;

const stored = {
  get: (key) => { try { return sessionStorage.getItem(key) ?? ""; } catch { return ""; } },
  set: (key, value) => { try { sessionStorage.setItem(key, value); } catch { /* private window: forgotten on reload */ } },
};
let conversation = stored.get("conversation");
at("region").value = stored.get("region");
if (at("region").selectedIndex < 0) at("region").value = "";

const caller = () => ({ conversation, region: at("region").value });

function add(bubble) {
  log.append(bubble);
  talk.scrollTo({ top: talk.scrollHeight });
  return bubble;
}

function tell(message, alarm = false) {
  at("status").textContent = message;
  at("status").classList.toggle("alarm", alarm);
}

function setBusy(value) {
  busy = value;
  for (const id of ["microphone", "send", "person"]) at(id).disabled = value;
  log.setAttribute("aria-busy", String(value));
}

function remember(id) {
  conversation = id;
  stored.set("conversation", id);
}

function askText(text) {
  if (busy || !text.trim()) return;
  leaveWelcome();
  add(callerBubble(text.trim()));
  return exchange("正在查找…", () => askByText(text.trim(), caller()), { spoken: false });
}

function askSound(wav) {
  leaveWelcome();
  return exchange("正在听您说的话…", () => askBySound(wav, caller()), { spoken: true });
}

async function exchange(waiting, send, { spoken }) {
  const mine = round;
  const isOld = () => mine !== round;
  silence();
  tell("");
  setBusy(true);
  const placeholder = add(waitingBubble(waiting));
  try {
    const reply = await persistently(send);
    if (!isOld()) show(reply, spoken);
  } catch (error) {
    if (!(error instanceof ServerError)) console.error(error);
    if (!isOld()) fail(error, () => exchange(waiting, send, { spoken }));
  } finally {
    placeholder.remove();
    if (!isOld()) setBusy(false);
  }
}

/** A conversation that the server no longer knows is begun anew. */
async function persistently(send) {
  try {
    return await send();
  } catch (error) {
    if (error.code !== "unknown_conversation" || !conversation) throw error;
    remember("");
    return send();
  }
}

function show(reply, spoken) {
  remember(reply.conversation);
  if (spoken && reply.heard) add(callerBubble(reply.heard, true));
  const listen = listenButton(reply.audio, (message) => tell(message, true));
  const bubble = answerBubble(reply, {
    listen,
    ask: askText,
    judge: (right) => judge(reply.conversation, reply.turn, right),
    person: () => askText("转人工"),
  });
  add(bubble);
  // A long answer is read from its beginning.
  if (bubble.offsetHeight > talk.clientHeight) bubble.scrollIntoView({ block: "start" });
  if (spoken) listen.start();
}

function fail(error, retry) {
  const message = error instanceof ServerError ? error.message : "页面出了问题，请刷新后重试。";
  const bubble = failureBubble(message, () => {
    if (busy) return;
    bubble.remove();
    retry();
  });
  add(bubble);
}

function leaveWelcome() {
  at("welcome").hidden = true;
}

async function toggleMicrophone() {
  if (busy) return;
  if (recording) return recording.stop();
  silence();
  recording = new Recording(showLevel, finishRecording);
  const mine = recording;
  showRecording(true);
  try {
    await mine.start();
    if (recording === mine) tell("请说话，说完会自动发送。");
  } catch (error) {
    if (recording !== mine) return;
    recording = null;
    showRecording(false);
    tell(error.message, true);
  }
}

function finishRecording(wav) {
  recording = null;
  showRecording(false);
  if (wav) return askSound(wav);
  tell("没有听到声音。请靠近话筒再按一次，或者打字提问。", true);
}

function showRecording(on) {
  microphone.setAttribute("aria-pressed", String(on));
  at("microphone-label").textContent = on ? "说完发送" : "按下说话";
  at("meter").hidden = !on;
  showLevel(0);
  tell(on ? "正在打开话筒…" : "");
  // The composer has grown over the end of the conversation.
  if (on) talk.scrollTo({ top: at("welcome").hidden ? talk.scrollHeight : 0 });
}

function showLevel(level) {
  at("meter").firstElementChild.style.transform = `scaleX(${level})`;
}

function abandonRecording() {
  if (!recording) return;
  recording.cancel();
  recording = null;
  showRecording(false);
}

function restart() {
  round += 1;
  silence();
  abandonRecording();
  remember("");
  log.replaceChildren();
  at("welcome").hidden = false;
  tell("");
  setBusy(false);
  at("text").focus({ preventScroll: true });
}

at("form").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("text").value;
  if (!text.trim()) return tell("请先输入要问的问题。", true);
  if (busy) return;
  abandonRecording();
  at("text").value = "";
  askText(text);
});
at("person").addEventListener("click", () => { abandonRecording(); askText("转人工"); });
at("restart").addEventListener("click", restart);
at("region").addEventListener("change", () => stored.set("region", at("region").value));
microphone.addEventListener("click", toggleMicrophone);
document.querySelectorAll("[data-example]").forEach((example) => {
  example.addEventListener("click", () => askText(example.textContent));
});
window.addEventListener("offline", () => tell("网络断开了，恢复后可以继续提问。", true));
window.addEventListener("online", () => tell(""));
