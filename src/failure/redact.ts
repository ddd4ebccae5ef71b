/** What stands in for a secret. */
const MASK = '***'

/**
 * Beginnings of API keys as providers issue them (OpenAI, Anthropic, OpenRouter, Google, Groq, xAI, Hugging Face,
 * Replicate, Perplexity, NVIDIA, Cerebras, Fireworks, Together, GitHub, AWS; a JWT begins with `eyJ`). One character
 * class follows, read greedily and never given back, so masking takes linear time.
 */
const KEY_LIKE =
  /(?<![A-Za-z0-9])(?:[spr]k[-_]|AIza|ya29\.|gsk_|xai-|hf_|r8_|pplx-|nvapi-|csk-|fw_|tgp_|gh[opsu]_|github_pat_|AKIA|ASIA|eyJ)[\w.*-]{6,}/g

/** Credentials named by what stands before them: `Bearer …`, `Incorrect API key provided: …`, `?key=…`. */
const NAMED_KEY =
  /((?<![A-Za-z0-9])(?:bearer (?!token)|(?:api[ _-]?key|access[ _-]?token|authorization)(?: provided)?["']? ?[:=] ?["']?(?:bearer |basic )?)|[?&]key=)[^\s"'&,;)}<]{4,}/gi

/** Replaces everything that looks like an API key or a bearer token with `***`. Linear in the text's length. */
export function maskSecrets(text: string): string {
  return text.replace(KEY_LIKE, MASK).replace(NAMED_KEY, `$1${MASK}`)
}

/**
 * Replaces each of these secrets, wherever it occurs, with `***`. Secrets of fewer than 4 characters are left: they
 * would tear up ordinary words.
 */
export function redactKnown(text: string, secrets: Iterable<string>): string {
  // The longest first: one key may be the beginning of another.
  const known = [...secrets].filter((secret) => secret.length >= 4)
  if (known.length === 0) return text
  known.sort((a, b) => b.length - a.length)
  return known.reduce((masked, secret) => masked.replaceAll(secret, () => MASK), text)
}
