// The phone in the browser: it shows what the JSON API says, and keeps nothing the network does not know.
"use strict";

const byId = (id) => document.getElementById(id);
const screen = byId("screen"), entry = byId("entry"), counter = byId("counter"), timer = byId("timer");
const number = byId("number"), network = byId("network"), inbox = byId("inbox"), lineError = byId("line-error");
const { code, shortCode } = document.body.dataset;

let session = null;      // the open session as the API gave it, or null
let deadlines = null;    // when it and the person's time to think are over, by performance.now()
let busy = false;        // the network has not answered yet
let received = [];       // SMS of this number, newest first
const sent = new Map();  // number -> SMS sent from it in this page, newest first

async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error("The simulator does not answer; is it still running?");
  }
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.error);
  return found;
}

const phonePath = (rest) => `/phones/${encodeURIComponent(number.value.trim())}/${rest}`;

// --- the screen ---------------------------------------------------------------------------------------------------

const BLANK = { septets: 0, limit: 160, coding: "GSM-7" };

function measureShown({ septets, limit, coding }) {
  const over = septets > limit;
  counter.textContent = `${septets} of ${limit}${coding === "UCS-2" ? " UCS-2" : ""}${over ? " too long" : ""}`;
  counter.title = coding === "UCS-2" ? "A character outside GSM-7 turns the whole screen to UCS-2, where fewer fit"
    : "Septets of GSM-7, the phone's alphabet, on one screen";
  counter.classList.toggle("over", over);
}

function show(answer) {
  session = answer.state === "open" ? answer : null;
  screen.textContent = answer.text || "Call ended.";
  screen.scrollTop = 0;
  screen.dataset.state = answer.state;
  measureShown(answer);
  deadlines = session && {
    session: performance.now() + answer.session_seconds * 1000,
    idle: performance.now() + answer.idle_seconds * 1000,
  };
  entry.value = session ? "" : code;
  if (session) entry.maxLength = answer.input_limit;
  else entry.removeAttribute("maxlength");
  tick();
  drawLine();
}

function drawLine() {
  byId("call-word").textContent = session ? "Send" : "Call";
  byId("drop").disabled = !session;
  number.disabled = network.disabled = Boolean(session);
  byId("carrier").textContent = network.selectedOptions[0].dataset.name;
  byId("own-number").textContent = number.value;
}

async function ask(method, path, body) {
  if (busy) return;
  busy = true;
  byId("call").disabled = true;  // a press would be lost
  lineError.textContent = "";
  screen.setAttribute("aria-busy", "true");
  try {
    show(await call(method, path, body));
  } catch (problem) {
    lineError.textContent = problem.message;
  } finally {
    busy = false;
    byId("call").disabled = false;
    screen.removeAttribute("aria-busy");
    entry.focus({ preventScroll: true });
    refreshInbox();
  }
}

function callOrSend() {
  if (session) return ask("POST", `/sessions/${session.session}/answer`, { text: entry.value });
  return ask("POST", phonePath("dial"), { code: entry.value, network: network.value });
}

async function endCall() {
  if (session) {
    await ask("POST", `/sessions/${session.session}/drop`, {});
    if (session) return;
  }
  screen.textContent = `Dial ${code} and press Call.`;
  delete screen.dataset.state;
  measureShown(BLANK);
  entry.value = code;
}

// --- the timer ----------------------------------------------------------------------------------------------------

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;

function tick() {
  if (!session) {
    timer.textContent = "no session";
    timer.title = "";
    return;
  }
  const left = (deadline) => Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
  const whole = left(deadlines.session), idle = left(deadlines.idle);
  timer.textContent = `${clock(whole)} · answer within ${clock(idle)}`;
  timer.title = `The network ends the session in ${clock(whole)}, or without an answer in ${clock(idle)}`;
  if (Math.min(whole, idle) === 0 && !busy) ask("GET", `/sessions/${session.session}`);
}

// --- messages -----------------------------------------------------------------------------------------------------

function messageItem({ text, from, at, segments, own }) {
  const item = document.createElement("li"), meta = document.createElement("p"), body = document.createElement("p");
  const who = document.createElement("span"), when = document.createElement("time");
  who.textContent = own ? `You to ${shortCode}` : from + (segments > 1 ? ` (${segments} segments)` : "");
  when.dateTime = at;
  when.textContent = new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: "Africa/Nairobi" });
  meta.className = "meta";
  meta.append(who, when);
  body.textContent = text;
  item.className = own ? "own" : "";
  item.append(meta, body);
  return item;
}

// How many SMS of each number were in view at some time, or were there before this page looked.
const seen = new Map();
let inboxInView = false;

function drawNews() {
  const before = Math.min(seen.get(number.value) ?? received.length, received.length);
  seen.set(number.value, inboxInView ? received.length : before);
  const fresh = received.length - seen.get(number.value);
  const news = byId("new-messages");
  news.hidden = fresh === 0;
  news.textContent = fresh === 1 ? "1 new message" : `${fresh} new messages`;
}

new IntersectionObserver((entries) => {
  inboxInView = entries.at(-1).isIntersecting;
  refreshInbox();
}, { rootMargin: "-48px 0px" }).observe(inbox); // a sliver at the edge shows no message

let drawn = null;

function drawInbox() {
  const own = sent.get(number.value) ?? [];
  const key = [number.value, own.length, ...received.map((message) => message.id)].join();
  if (key === drawn) return; // redrawing would make a screen reader read everything again
  drawn = key;
  byId("inbox-count").textContent = received.length;
  const all = [...own, ...received].sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
  inbox.replaceChildren(...all.map(messageItem));
  if (all.length === 0) {
    const empty = document.createElement("li");
    empty.className = "empty";
    empty.textContent = "No messages yet.";
    inbox.append(empty);
  }
}

async function refreshInbox() {
  const asked = number.value;
  try {
    const { messages } = await call("GET", phonePath("inbox"));
    if (asked !== number.value) return;
    received = messages;
    drawNews();
  } catch {
    received = []; // a number that is still being typed, or a simulator that has been stopped
  }
  drawInbox();
}

byId("reply-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = byId("reply").value;
  try {
    const { at } = await call("POST", phonePath("messages"), { to: shortCode, text, network: network.value });
    sent.set(number.value, [{ text, at, own: true }, ...(sent.get(number.value) ?? [])]);
    byId("reply").value = "";
    byId("reply-status").textContent = "Sent.";
    drawInbox();
  } catch (problem) {
    byId("reply-status").textContent = problem.message;
  }
});

// --- knobs --------------------------------------------------------------------------------------------------------

const knobsForm = byId("knobs-form");
const knobFields = () => [...knobsForm.querySelectorAll("[name]")];

function knobValue(field) {
  if (field.type === "checkbox") return field.checked;
  if (field.type === "number") return Number(field.value);
  if (field.tagName === "SELECT") return field.value;
  const rows = field.value.split(/[\n,]/).map((row) => row.trim()).filter(Boolean);
  return Object.fromEntries(rows.map((row) => {
    const [msisdn, status] = row.split(/[\s:=]+/);
    return [msisdn, Number(status)];
  }));
}

function drawKnobs(knobs) {
  let turned = 0;
  for (const field of knobFields()) {
    const value = knobs[field.name];
    if (field.type === "checkbox") field.checked = value;
    else if (field.tagName === "TEXTAREA") field.value = Object.entries(value).map((row) => row.join(" ")).join("\n");
    else field.value = value;
    const off = field.tagName === "SELECT" ? value === field.options[0].value
      : field.tagName === "TEXTAREA" ? field.value === "" : !value;
    turned += off ? 0 : 1;
  }
  byId("knobs-turned").textContent = turned ? `${turned} on` : "all off";
}

async function turnKnobs(knobs, done) {
  try {
    drawKnobs(await call("PUT", "/knobs", knobs));
    byId("knobs-status").textContent = done;
  } catch (problem) {
    byId("knobs-status").textContent = problem.message;
  }
}

knobsForm.addEventListener("submit", (event) => {
  event.preventDefault();
  turnKnobs(Object.fromEntries(knobFields().map((field) => [field.name, knobValue(field)])), "Applied.");
});
byId("knobs-off").addEventListener("click", () => turnKnobs({}, "All off."));

// --- keys ---------------------------------------------------------------------------------------------------------

function type(text) {
  const limit = entry.maxLength < 0 ? Infinity : entry.maxLength;
  const { selectionStart, selectionEnd, value } = entry;
  if (value.length - (selectionEnd - selectionStart) + text.length > limit) return;
  entry.setRangeText(text, selectionStart, selectionEnd, "end");
}

function clearOne() {
  const { selectionStart, selectionEnd } = entry;
  entry.setRangeText("", selectionStart === selectionEnd ? Math.max(0, selectionStart - 1) : selectionStart, selectionEnd, "end");
}

for (const key of document.querySelectorAll("[data-key]")) key.addEventListener("click", () => type(key.dataset.key));
byId("clear").addEventListener("click", clearOne);
byId("call").addEventListener("click", callOrSend);
byId("end").addEventListener("click", endCall);
byId("drop").addEventListener("click", () => session && ask("POST", `/sessions/${session.session}/drop`, {}));
number.addEventListener("change", () => { drawLine(); refreshInbox(); });
network.addEventListener("change", drawLine);

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  // Other fields keep their keys, and a focused button keeps Enter and the space bar; all else belongs to the phone.
  if (event.target !== entry && event.target.closest("input, select, textarea, summary")) return;
  if (event.key === "Escape") endCall();
  else if (event.key === "Enter" && !event.target.closest("button, a")) { event.preventDefault(); callOrSend(); }
  else if (event.target !== entry && event.key === "Backspace") clearOne();
  else if (event.target !== entry && event.key.length === 1 && event.key !== " ") type(event.key);
});

measureShown(BLANK);
drawLine();
drawInbox();
refreshInbox();
call("GET", "/knobs").then(drawKnobs).catch((problem) => { byId("knobs-status").textContent = problem.message; });
setInterval(tick, 500);
setInterval(refreshInbox, 1500);
entry.focus({ preventScroll: true });
entry.setSelectionRange(entry.value.length, entry.value.length);
