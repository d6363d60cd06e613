/* A browser starts no worker from a page on the disk. There the search's worker runs in a hidden frame instead. */
if (location.protocol === "file:") {
  window.Worker = class extends EventTarget {
    constructor(address) {
      super();
      this.frame = document.createElement("iframe");
      this.frame.hidden = true;
      this.frame.srcdoc = "<!doctype html>";
      const loaded = new Promise((done) => (this.frame.onload = done));
      this.ready = loaded.then(() => this.start(new URL(address, location.href).href));
      document.documentElement.append(this.frame);
    }
    start(address) {
      const inside = this.frame.contentWindow;
      const script = (src) =>
        new Promise((onload, onerror) => {
          const element = Object.assign(inside.document.createElement("script"), { src, onload, onerror });
          inside.document.head.append(element);
        });
      inside.importScripts = (...all) => all.reduce((before, src) => before.then(() => script(src)), Promise.resolve());
      inside.postMessage = (data) => this.dispatchEvent(new MessageEvent("message", { data })); // what the worker sends
      return script(address).then(() => inside);
    }
    postMessage(data) {
      this.ready.then((inside) => inside.dispatchEvent(new inside.MessageEvent("message", { data })));
    }
    terminate() {
      this.frame.remove();
    }
  };
}
