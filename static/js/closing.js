// What a token opened closes at a moment that stands on the page. Two minutes before, the page says so, and at the end that it is
// over; whoever reads by ear is told as well. Without scripts the moment stands there all the same.
const WARN_BEFORE = 2 * 60_000;
const place = document.querySelector("[data-closes-in]");
const end = Date.now() + place.dataset.closesIn * 1000;
let told = "", timer = 0;

function tell() {
  const left = end - Date.now();
  const words = left <= 0 ? place.dataset.over : left <= WARN_BEFORE ? place.dataset.soon : "";
  if (words !== told) {
    told = words;
    place.textContent = words;
  }
  clearTimeout(timer);
  if (left > 0) timer = setTimeout(tell, left > WARN_BEFORE ? left - WARN_BEFORE : left);
}

// A phone that slept wakes too late for its timers.
document.addEventListener("visibilitychange", tell);
tell();
