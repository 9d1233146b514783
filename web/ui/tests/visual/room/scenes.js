// Runs in the page, before it: the other end of its peer connection. Each slot gets a drawn room, sent as real video, so that the
// screens are judged with real pictures, real fitting and real timing.
(() => {
  const WALLS = ["#5d6f7c", "#6b6257", "#56655c", "#6a5f6e", "#4d6577"];

  function person(g, x, y, size, coat) {
    g.fillStyle = coat;
    g.beginPath();
    g.ellipse(x, y + size * 1.5, size * 1.05, size * 1.1, 0, Math.PI, 0);
    g.fill();
    g.fillStyle = "#b98f6c";
    g.fillRect(x - size * 0.2, y + size * 0.3, size * 0.4, size * 0.4);
    g.beginPath();
    g.ellipse(x, y, size * 0.42, size * 0.55, 0, 0, Math.PI * 2);
    g.fill();
    g.fillStyle = "#221d1a";
    g.beginPath();
    g.ellipse(x, y - size * 0.22, size * 0.45, size * 0.4, 0, Math.PI, 0);
    g.fill();
  }

  function draw(canvas, seed, source) {
    const g = canvas.getContext("2d");
    const { width: w, height: h } = canvas;
    if (source === "screen") {
      g.fillStyle = "#f7f9fb";
      g.fillRect(0, 0, w, h);
      g.fillStyle = "#0c2338";
      g.font = `600 ${h / 14}px "Be Vietnam Pro"`;
      g.fillText("Phương án sơ tán dân vùng ven biển", w * 0.06, h * 0.16);
      for (let bar = 0; bar < 6; bar += 1) {
        g.fillStyle = "#0b5c8f";
        const tall = h * (0.2 + ((bar * 37 + seed) % 40) / 100);
        g.fillRect(w * (0.1 + bar * 0.14), h * 0.9 - tall, w * 0.08, tall);
      }
      return;
    }
    g.fillStyle = WALLS[seed % WALLS.length];
    g.fillRect(0, 0, w, h);
    const light = g.createRadialGradient(w / 2, h * 0.2, 10, w / 2, h * 0.3, w * 0.8);
    light.addColorStop(0, "rgb(255 255 255 / .22)");
    light.addColorStop(1, "rgb(0 0 0 / .35)");
    g.fillStyle = light;
    g.fillRect(0, 0, w, h);
    g.fillStyle = "rgb(226 232 236 / .75)";
    if (seed % 3 === 0) g.fillRect(w * 0.68, h * 0.08, w * 0.2, h * 0.32);
    else g.fillRect(w * 0.1, h * 0.1, w * 0.26, h * 0.26);
    const count = 1 + (seed % 4);
    for (let index = 0; index < count; index += 1) {
      const coat = ["#243040", "#b8c6d3", "#2f3b34", "#dfe4e8"][(seed + index) % 4];
      person(g, (w * (index + 1)) / (count + 1), h * 0.48, h * (count === 1 ? 0.22 : 0.16), coat);
    }
    g.fillStyle = "#5a4031";
    g.fillRect(0, h * 0.78, w, h * 0.22);
    g.fillStyle = "#7b5a43";
    g.fillRect(0, h * 0.78, w, h * 0.02);
  }

  const rooms = new Map();
  /** One drawn room for each name, shared by all slots that show it. */
  function room(name, source, size) {
    const key = `${name} ${source} ${size}`;
    let found = rooms.get(key);
    if (!found) {
      const canvas = document.createElement("canvas");
      canvas.width = size;
      canvas.height = Math.round((size * 9) / 16);
      const seed = [...name].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7);
      const paint = () => draw(canvas, seed, source);
      paint();
      setInterval(paint, size < 320 ? 1000 : 250);
      found = canvas.captureStream(size < 320 ? 1 : 4).getVideoTracks()[0];
      rooms.set(key, found);
    }
    return found;
  }

  let far;
  const senders = new Map();
  window.farEnd = {
    async answer(offer) {
      far?.close();
      senders.clear();
      far = new RTCPeerConnection();
      await far.setRemoteDescription({ type: "offer", sdp: offer });
      const video = [];
      for (const transceiver of far.getTransceivers()) {
        // The page's own candidates are not in its offer; these are added below from the answer's side alone.
        if (transceiver.receiver.track.kind === "video" && /a=mid:/.test(offer)) video.push(transceiver);
      }
      const receiving = new Set(
        [...offer.matchAll(/a=mid:(\S+)[\s\S]*?a=(recvonly|sendonly)/g)]
          .filter((m) => m[2] === "recvonly")
          .map((m) => m[1]),
      );
      for (const transceiver of video) {
        if (!receiving.has(transceiver.mid)) continue;
        transceiver.direction = "sendonly";
        senders.set(transceiver.mid, transceiver.sender);
      }
      await far.setLocalDescription(await far.createAnswer());
      await new Promise((done) => {
        if (far.iceGatheringState === "complete") return done();
        far.onicegatheringstatechange = () => far.iceGatheringState === "complete" && done();
      });
      return { sdp: far.localDescription.sdp, mids: [...senders.keys()] };
    },
    async show(mid, name, source, size) {
      await senders.get(mid)?.replaceTrack(name === null ? null : room(name, source, size));
    },
  };
})();
