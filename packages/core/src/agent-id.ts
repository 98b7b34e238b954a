import { randomInt } from 'node:crypto'

const TAIL_ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'
const MAX_SLUG = 40

/** A new id: a slug of `text`, or `text` itself when it is one, and a random tail of four: `fix-login-redirect-7k3q`. */
export function createAgentId(text: string): string {
  let tail = ''
  for (let i = 0; i < 4; i++) tail += TAIL_ALPHABET[randomInt(TAIL_ALPHABET.length)]
  return `${slugOf(text)}-${tail}`
}

/** Whether `text` can be an id: lower-case letters, digits and hyphens, at most 64. Anything else never names a file. */
export function isAgentId(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(text)
}

function slugOf(text: string): string {
  if (isAgentId(text) && text.length <= MAX_SLUG) return text
  const words = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
  let slug = ''
  for (const word of words) {
    const next = slug ? `${slug}-${word}` : word
    if (next.length > MAX_SLUG) break
    slug = next
    if (slug.split('-').length >= 5) break
  }
  return slug || words[0]?.slice(0, MAX_SLUG) || 'agent'
}
