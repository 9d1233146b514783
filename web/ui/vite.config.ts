import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// Where the bridge listens while the interface is being worked on (`npm run dev`).
const bridge = process.env["NHIPCAU_HTTP"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "dist",
    target: "es2022",
    // The Content-Security-Policy allows 'self' only: nothing may be folded into data: addresses or inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: {
      "/api": { target: bridge },
      "/ws": { target: bridge, ws: true },
      "/healthz": { target: bridge },
    },
  },
});
