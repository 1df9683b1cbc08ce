/** Talks to the server; every failure becomes a ServerError whose message may be shown. */

export class ServerError extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

// A recording of 30 s takes a few seconds to recognise; beyond this nothing will come.
const PATIENCE = 60_000;

export function askByText(text, caller) {
  return send("/api/v1/ask", json({ text, ...given(caller) }));
}

export function askBySound(wav, caller) {
  const query = new URLSearchParams(given(caller));
  return send(`/api/v1/ask/audio?${query}`, { body: wav, headers: { "Content-Type": "audio/wav" } });
}

export function judge(conversation, turn, right) {
  return send("/api/v1/feedback", json({ conversation, turn, right }));
}

async function send(address, options) {
  let response;
  try {
    response = await fetch(address, { method: "POST", signal: AbortSignal.timeout(PATIENCE), ...options });
  } catch (error) {
    throw unreachable(error);
  }
  if (response.status === 204) return null;
  const body = await response.json().catch(() => null);
  if (response.ok && body) return body;
  throw new ServerError(body?.error?.code ?? "error", body?.error?.message ?? "服务暂时没有回应，请稍后重试。");
}

function unreachable(error) {
  if (error.name === "TimeoutError") return new ServerError("timeout", "等了很久还没有结果，请重试。");
  if (!navigator.onLine) return new ServerError("offline", "网络断开了。请检查网络，然后点“重试”。");
  return new ServerError("unreachable", "连不上服务。请稍等一会儿，然后点“重试”。急事请直接拨打 12345。");
}

function json(value) {
  return { body: JSON.stringify(value), headers: { "Content-Type": "application/json" } };
}

function given(caller) {
  return Object.fromEntries(Object.entries(caller).filter(([, value]) => value));
}
