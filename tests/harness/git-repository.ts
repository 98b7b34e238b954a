import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Runs git in a folder, untouched by the user's own configuration, and resolves to its trimmed stdout. */
export async function git(folder: string, ...args: string[]): Promise<string> {
  const env = { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
  const { stdout } = await run('git', ['-C', folder, ...args], { env })
  return stdout.trim()
}

/**
 * Makes a git repository on branch `main` with a local identity and one commit of these files.
 *
 * @param files contents by relative path; `@default` one `README.md`.
 * @returns the folder.
 */
export async function gitRepository(
  folder: string,
  files: Record<string, string> = { 'README.md': '# Example\n' },
): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await git(folder, 'init', '--quiet', '--initial-branch=main')
  await git(folder, 'config', 'user.name', 'Test')
  await git(folder, 'config', 'user.email', 'test@example.com')
  await git(folder, 'config', 'commit.gpgsign', 'false')
  for (const [path, content] of Object.entries(files)) {
    await mkdir(join(folder, path, '..'), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  await git(folder, 'add', '--all')
  await git(folder, 'commit', '--quiet', '--message', 'First commit')
  return folder
}
