import { defineConfig } from "vitest/config";

// Real Chromium over the built application. One file at a time: the browser is the cost, not the test.
export default defineConfig({
  test: {
    include: ["tests/visual/**/*.visual.ts"],
    environment: "node",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
