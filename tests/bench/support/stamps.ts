/** Notes when the stamps of `[[stamps: chunks, ms]]` come in. */
export interface StampReader {
  /** Text as it comes, in any pieces. */
  read(text: string): void
  /** How old each stamp was when it first came, in milliseconds. */
  ages(): number[]
  forget(): void
}

/** A reader that has read nothing yet. */
export function stampReader(): StampReader {
  const ages = new Map<string, number>()
  let rest = ''
  return {
    read(text) {
      const now = process.hrtime.bigint()
      const pieces = (rest + text).split(';')
      rest = pieces.pop() ?? ''
      for (const piece of pieces) {
        const stamp = /@(\d+)$/.exec(piece)?.[1]
        if (stamp !== undefined && !ages.has(stamp)) ages.set(stamp, Number(now - BigInt(stamp)) / 1e6)
      }
    },
    ages: () => [...ages.values()],
    forget: () => ages.clear(),
  }
}
