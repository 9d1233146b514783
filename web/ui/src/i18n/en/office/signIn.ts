import type { password as passwordSource, signIn as source } from "../../vi/office/signIn";

export const signIn: typeof source = {
  title: "Sign in",
  lead: "The province's online meeting room and meeting office",
  username: "User name",
  password: "Password",
  show: "Show",
  hide: "Hide",
  capsLock: "Caps Lock is on",
  submit: "Sign in",
  usernameMissing: "Enter the user name you were given.",
  passwordMissing: "Enter the password.",
  wait: (seconds) => `Too many failed attempts. Try again in ${seconds} s.`,
  logged: "Sign-ins are logged.",
  demo: "Trial accounts",
  demoHint: "Press one to enter in that role. Only the trial version has them.",
  linkTitle: "Join without an account",
  linkLead: "Open the link in your invitation, or paste the link or its code here.",
  linkLabel: "Link or invitation code",
  linkSubmit: "Go to the waiting page",
  linkWrong: "Paste the whole link of the invitation, or the part after /j/.",
  facts: [
    { title: "Try microphone, camera and speaker first", detail: "The waiting page lets you see and hear yourself" },
    { title: "Join muted, with the site's name filled in", detail: "One button asks for the floor" },
    { title: "A dropped line keeps your seat", detail: "You come back to the same place and the same turn" },
  ],
};

export const password: typeof passwordSource = {
  title: "Change password",
  first: "This is your first sign-in. Replace the one-time password with one of your own.",
  current: "Current password",
  currentFirst: "One-time password",
  next: "New password",
  repeat: "New password again",
  rules: {
    length: "At least 8 characters",
    cases: "Upper and lower case",
    digit: "A digit",
    sign: "A sign that is neither letter nor digit",
    repeated: "Both entries are the same",
  },
  submit: "Change password",
  done: "The password was changed.",
  missing: "Enter the password in use.",
  notYet: "The new password does not meet the conditions above yet.",
};
