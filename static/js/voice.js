// Speaking instead of typing: the browser records, at most three minutes, and puts the recording into the file field,
// which is sent like any other. Where it cannot record, the field takes a recording of the phone.
const KINDS = ["audio/mp4", "audio/webm"];
const box = document.querySelector("[data-voice]");
const field = document.querySelector("#id_voice");

function start() {
  const words = box.dataset;
  const state = box.querySelector("[data-state]");
  const begin = box.querySelector("[data-start]");
  const end = box.querySelector("[data-stop]");
  begin.hidden = false;

  begin.addEventListener("click", async () => {
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      state.textContent = words.refused;
      return;
    }
    const kind = KINDS.find((one) => MediaRecorder.isTypeSupported(one));
    const recorder = new MediaRecorder(stream, { mimeType: kind, audioBitsPerSecond: 32000 });
    const parts = [];
    const began = Date.now();
    const tell = () => {
      const left = Math.ceil(words.most - (Date.now() - began) / 1000);
      state.textContent = `${words.recording} ${Math.max(0, left)} ${words.seconds}`;
      if (left <= 0 && recorder.state === "recording") recorder.stop();
    };
    // Told aloud every ten seconds only; seen each second it would be read each second.
    const ticking = setInterval(tell, 10000);
    const last = setTimeout(tell, words.most * 1000);
    recorder.addEventListener("dataavailable", (event) => parts.push(event.data));
    recorder.addEventListener("stop", () => {
      clearInterval(ticking);
      clearTimeout(last);
      for (const track of stream.getTracks()) track.stop();
      const chosen = new DataTransfer();
      const ending = kind === "audio/mp4" ? "m4a" : "webm";
      chosen.items.add(new File(parts, `${words.name}.${ending}`, { type: kind }));
      field.files = chosen.files;
      state.textContent = words.ready;
      end.hidden = true;
      begin.hidden = false;
      begin.focus();
    });
    recorder.start();
    tell();
    begin.hidden = true;
    end.hidden = false;
    end.focus();
    end.onclick = () => recorder.stop();
  });
}

if (box && field && window.MediaRecorder && window.DataTransfer && navigator.mediaDevices
    && KINDS.some((kind) => MediaRecorder.isTypeSupported(kind))) start();
