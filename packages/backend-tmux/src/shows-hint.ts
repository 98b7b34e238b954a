/**
 * Whether the row in which the cursor stands holds nothing but its mark and a hint of the program's, which is drawn faint.
 * A program may draw the cursor over the first character of it.
 * @param printed what `cursorCommands` printed
 */
export function showsHint(printed: string): boolean {
  const [position = '', ...rows] = printed.split('\n')
  const row = rows[Number(position.split(' ')[1])] ?? ''
  const drawn = charactersOf(row).filter(({ character }) => character.trim() !== '')
  const [, first, ...others] = drawn
  return (
    first !== undefined &&
    (first.isFaint || first.isInverse) &&
    others.length > 0 &&
    others.every(({ isFaint }) => isFaint)
  )
}

interface Drawn {
  readonly character: string
  readonly isFaint: boolean
  readonly isInverse: boolean
}

/** Reads what `capture-pane -e` prints: characters, and what is set for those behind it (`CSI … m`). */
function charactersOf(row: string): Drawn[] {
  const [start = '', ...parts] = row.split('\u001b')
  let isFaint = false
  let isInverse = false
  const drawn = (text: string): Drawn[] => [...text].map((character) => ({ character, isFaint, isInverse }))
  return [
    ...drawn(start),
    ...parts.flatMap((part) => {
      const [sequence, codes] = /^\[([\d;:]*)m/.exec(part) ?? []
      if (sequence === undefined || codes === undefined) return drawn(part.slice(1))
      const set = attributesIn(codes)
      isFaint = set.has(2) || (isFaint && !set.has(0) && !set.has(22))
      isInverse = set.has(7) || (isInverse && !set.has(0) && !set.has(27))
      return drawn(part.slice(sequence.length))
    }),
  ]
}

/** The attributes in the parameters of one sequence, without those of colours: `38;5;2` is no faint. */
function attributesIn(codes: string): Set<number> {
  const plain = codes.replace(/(?<![\d])[34]8[;:](5[;:]\d+|2([;:]\d*){3,4})/g, '')
  return new Set(plain.split(';').map(Number))
}
