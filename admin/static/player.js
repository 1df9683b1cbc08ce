/** Plays one answer at a time. */

const sound = new Audio();
let current = null;

/** A button that plays, stops and plays again; press() starts it. */
export function listenButton(address, onTrouble) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button small";
  show(button, "听一听");
  button.addEventListener("click", () => (current === button ? silence() : play(button, address, onTrouble)));
  button.start = () => play(button, address, null);
  return button;
}

export function silence() {
  sound.pause();
  if (current) show(current, "再听一遍");
  current = null;
}

async function play(button, address, onTrouble) {
  silence();
  current = button;
  show(button, "停止");
  sound.src = address;
  try {
    await sound.play();
  } catch (error) {
    // Another answer has taken over, or the browser plays nothing without a press: no trouble of the caller's.
    if (current !== button || error.name === "AbortError") return;
    silence();
    if (error.name !== "NotAllowedError") onTrouble?.("语音没有放出来，请重试。文字答复不受影响。");
  }
}

function show(button, label) {
  const path = label === "停止" ? "M7 7h10v10H7z" : "M4 10v4h4l5 4V6L8 10zM16.500 9a4 4 0 0 1 0 6M19 6.500a8 8 0 0 1 0 11";
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg><span>${label}</span>`;
}

sound.addEventListener("ended", silence);
sound.addEventListener("error", () => sound.src && current && silence());
