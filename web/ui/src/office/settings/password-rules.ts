/** The server's rule for passwords, told while typing. The server decides; this only saves a round trip. */
export interface PasswordRules {
  length: boolean;
  cases: boolean;
  digit: boolean;
  sign: boolean;
  repeated: boolean;
}

export function rulesOf(password: string, repeated: string): PasswordRules {
  return {
    length: Array.from(password).length >= 8,
    cases: /\p{Lu}/u.test(password) && /\p{Ll}/u.test(password),
    digit: /\p{Nd}/u.test(password),
    sign: /[^\p{L}\p{N}\s]/u.test(password),
    repeated: password !== "" && password === repeated,
  };
}

export function allMet(rules: PasswordRules): boolean {
  return Object.values(rules).every(Boolean);
}
