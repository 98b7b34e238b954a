import { execFile } from 'node:child_process'

/** Whether a terminal passes its input on in whole lines only (`ICANON`); `false` when that cannot be seen. */
export function isCanonical(tty: string): Promise<boolean> {
  const flag = process.platform === 'linux' ? '-F' : '-f'
  return new Promise((resolve) => {
    execFile('stty', [flag, tty, '-a'], { timeout: 2_000 }, (error, stdout) =>
      resolve(error === null && /(^|\s)icanon\b/.test(stdout)),
    )
  })
}
