/** Values pushed from callbacks and taken by one `for await`. */
export class EventQueue<T> {
  readonly #waiting: T[] = []
  #wake: () => void = () => {}
  #closed = false

  get isClosed(): boolean {
    return this.#closed
  }

  push(value: T): void {
    this.#waiting.push(value)
    this.#wake()
  }

  /** Ends the iteration at once; what was not taken is dropped. */
  close(): void {
    this.#closed = true
    this.#wake()
  }

  async *values(): AsyncGenerator<T> {
    while (!this.#closed) {
      const next = this.#waiting.shift()
      if (next !== undefined) yield next
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve
        })
    }
  }
}
