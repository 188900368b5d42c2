// Reads the page to people by the voice of their own device, one line after the other; nothing is sent anywhere.
// Where there is no voice (WeChat on Android, many desktops) the button stays hidden.
const bar = document.querySelector(".aloud");
const button = bar?.querySelector("button");
const speech = window.speechSynthesis;
const { lang } = document.documentElement;
const language = lang.split("-")[0];
// Voices are named by region: the plain tag of a page finds none on some devices.
const VOICES = { en: "en-GB", zh: "zh-CN" };
let isReading = false;

function rest() {
  isReading = false;
  button.textContent = button.dataset.start;
}

function read(lines) {
  const line = lines.shift();
  if (!isReading || line === undefined) return rest();
  const words = new SpeechSynthesisUtterance(line);
  words.lang = VOICES[language] ?? lang;
  words.rate = 0.9;
  words.onend = () => read(lines);
  words.onerror = rest;
  speech.speak(words);
}

function show() {
  bar.hidden = !speech.getVoices().some((voice) => voice.lang.toLowerCase().startsWith(language));
}

if (button && speech && window.SpeechSynthesisUtterance) {
  rest();
  button.addEventListener("click", () => {
    speech.cancel();
    if (isReading) return rest();
    isReading = true;
    button.textContent = button.dataset.stop;
    // What is hidden from the eye is not read either.
    read(document.querySelector("main").innerText.split("\n").map((line) => line.trim()).filter(Boolean));
  });
  speech.addEventListener?.("voiceschanged", show);
  window.addEventListener("pagehide", () => speech.cancel());
  show();
}
