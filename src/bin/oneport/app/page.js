// The WebSocket half of the page: the same host and port, ws for http, wss for https.
const status = document.getElementById("ws-status");
const text = document.getElementById("ws-text");
const button = document.getElementById("ws-send");

const scheme = location.protocol === "https:" ? "wss:" : "ws:";
const socket = new WebSocket(scheme + "//" + location.host + "/echo");

function enable(on) {
  text.disabled = !on;
  button.disabled = !on;
}

function send() {
  if (socket.readyState === WebSocket.OPEN) socket.send(text.value);
}

status.textContent = "connecting";
socket.addEventListener("open", () => {
  status.textContent = "open";
  enable(true);
  socket.send("echoed over " + scheme.slice(0, -1));
});
socket.addEventListener("message", (event) => {
  status.textContent = event.data;
});
socket.addEventListener("close", (event) => {
  status.textContent = "closed (" + event.code + (event.reason ? ", " + event.reason : "") + ")";
  enable(false);
});
button.addEventListener("click", send);
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter") send();
});
