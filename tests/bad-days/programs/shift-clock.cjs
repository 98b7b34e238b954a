// Loaded before orch: its clock is off by ORCH_TEST_CLOCK_MS.
const offset = Number(process.env.ORCH_TEST_CLOCK_MS)
const RealDate = Date

globalThis.Date = class extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(RealDate.now() + offset)
    else super(...args)
  }

  static now() {
    return RealDate.now() + offset
  }
}
