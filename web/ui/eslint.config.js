import js from "@eslint/js";
import svelte from "eslint-plugin-svelte";
import globals from "globals";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist/", "src/generated/"] },
  js.configs.recommended,
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  { languageOptions: { globals: { ...globals.browser } } },
  {
    files: ["tests/**", "*.config.ts", "*.config.js"],
    languageOptions: { globals: { ...globals.node } },
  },
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: { parserOptions: { parser: ts.parser, svelteConfig } },
  },
  {
    rules: {
      // tsc says this one with types in hand.
      "no-undef": "off",
      // Markup made of strings would need its own escaping; everything goes through the template.
      "svelte/no-at-html-tags": "error",
      "svelte/require-each-key": "error",
      // Addresses come from router/route.ts; SvelteKit's resolve() is not here.
      "svelte/no-navigation-without-resolve": "off",
      // Short-lived URL objects that no template reads.
      "svelte/prefer-svelte-reactivity": "off",
      "no-restricted-imports": [
        "error",
        {
          paths: [
            {
              name: "@lucide/svelte",
              message: "Import one icon: @lucide/svelte/icons/house. The barrel compiles two thousand of them.",
            },
          ],
        },
      ],
      "no-restricted-syntax": [
        "error",
        {
          selector: "SvelteAttribute[key.name='style']",
          message: "The Content-Security-Policy refuses style attributes: use a class or a style: directive.",
        },
      ],
    },
  },
);
