import { OrchError } from '@orch/core'

/** Where a server answers and as whom to ask it. */
export interface Place {
  /** Without credentials and without a slash at its end. */
  readonly url: string
  readonly user: string
  readonly password: string | null
  /** Whether orch started it. */
  readonly managed: boolean
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Reads the URL of a server that was given to orch.
 * @param password the one to use when the URL holds none.
 * @throws OrchError `CONFIG_INVALID` when it is no http(s) URL.
 */
export function configuredPlace(url: string, password: string | null): Place {
  const parsed = parse(url)
  return {
    url: `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, ''),
    user: decodeURIComponent(parsed.username) || 'opencode',
    password: decodeURIComponent(parsed.password) || password,
    managed: false,
  }
}

/** The `authorization` header, or nothing when the server has no password. */
export function authorization({ user, password }: Place): Record<string, string> {
  if (password === null) return {}
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` }
}

function parse(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : null
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') return parsed
  const shown = url.replace(/\/\/[^/@]*@/, '//')
  throw new OrchError('CONFIG_INVALID', `Cannot use OpenCode server "${shown}": it is not an http or https URL`, {
    hint: 'Correct --server, "backends.opencode.server" or OPENCODE_URL, for example http://127.0.0.1:4096',
  })
}
