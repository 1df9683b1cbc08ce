/** Builds what the conversation shows. All text enters as text, never as markup. */

const MOST_CHOICES = 3;

export function make(tag, attributes = {}, ...children) {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export function button(label, onPress, kind = "small") {
  const element = make("button", { type: "button", className: `button ${kind}` }, label);
  element.addEventListener("click", () => onPress(element));
  return element;
}

export function callerBubble(text, byEar = false) {
  const who = make("span", { className: "hidden" }, "您说：");
  const note = byEar ? make("span", { className: "by-ear" }, "听到的是") : null;
  return make("div", { className: "bubble caller" }, who, note, make("span", { className: "said" }, text));
}

export function waitingBubble(text) {
  const dots = make("span", { className: "dots", ariaHidden: "true" }, make("i"), make("i"), make("i"));
  return make("div", { className: "bubble bot waiting" }, dots, text);
}

export function failureBubble(message, onRetry) {
  const bubble = make("div", { className: "bubble bot failed" }, make("p", {}, message));
  if (onRetry) bubble.append(make("div", { className: "row" }, button("重试", onRetry)));
  return bubble;
}

/** `actions`: listen (an element), ask(text), judge(right) -> Promise, person(). */
export function answerBubble(reply, actions) {
  const bubble = make("div", { className: "bubble bot" }, make("span", { className: "hidden" }, "答复："));
  if (reply.move === "answer") bubble.classList.add("answered");
  if (reply.move === "answer" && reply.entry) bubble.append(make("p", { className: "about" }, reply.entry.question));
  bubble.append(make("p", { className: "said" }, reply.answer));
  if (reply.move === "confirm") bubble.append(choices(reply, actions));
  if (reply.move === "answer" && reply.entry) bubble.append(citation(reply.entry));
  bubble.append(make("div", { className: "row" }, reply.move === "hand_over" ? telephone() : null, actions.listen));
  if (reply.move === "answer") bubble.append(feedback(actions));
  if (reply.move === "confirm") bubble.classList.add("with-choices");
  return bubble;
}

function choices(reply, actions) {
  const entries = [reply.entry, ...reply.alternatives].filter(Boolean).slice(0, MOST_CHOICES);
  const list = make("div", { className: "choices", role: "group", ariaLabel: "您是不是想问" });
  for (const entry of entries) list.append(button(entry.question, () => actions.ask(entry.question), "choice"));
  list.append(button("都不是，转人工", actions.person));
  return list;
}

function citation(entry) {
  const rows = [
    ["承办单位", entry.organisation],
    ["适用区域", entry.region],
    ["依据来源", entry.source],
    ["更新日期", entry.updated_on],
  ];
  const list = make("dl", { className: "cited" });
  for (const [name, value] of rows) {
    if (value) list.append(make("div", {}, make("dt", {}, name), make("dd", {}, value)));
  }
  return list;
}

function telephone() {
  return make("a", { href: "tel:12345", className: "button small" }, "拨打 12345");
}

function feedback(actions) {
  const row = make("div", { className: "row feedback", role: "group", ariaLabel: "这样回答对吗" });
  const word = make("span", { className: "ask", role: "status" }, "这样回答对吗？");
  const press = async (pressed, right) => {
    const buttons = row.querySelectorAll("button");
    buttons.forEach((other) => (other.disabled = true));
    try {
      await actions.judge(right);
    } catch (error) {
      buttons.forEach((other) => (other.disabled = false));
      word.textContent = error.message;
      return;
    }
    pressed.setAttribute("aria-pressed", "true");
    word.textContent = right ? "谢谢，已记下。" : "谢谢，已记下。请换个说法再问，或者转人工。";
    if (!right) row.append(button("转人工", actions.person));
  };
  row.append(word, button("对", (b) => press(b, true)), button("不对", (b) => press(b, false)));
  return row;
}
