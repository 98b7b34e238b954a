// Loaded before orch: from the effect on whose number ORCH_TEST_FULL_AFTER says there is no room left, neither on the
// disk that holds the file ORCH_TEST_FILLER nor, with ORCH_TEST_FULL_SIZE, in any file behind so many bytes.
const { closeSync, openSync, writeSync } = require('node:fs')
const { execFileSync } = require('node:child_process')
const afterEffect = require('../../stories/programs/effects.cjs')

const { ORCH_TEST_FULL_AFTER, ORCH_TEST_FILLER, ORCH_TEST_FULL_SIZE } = process.env

afterEffect(Number(ORCH_TEST_FULL_AFTER), () => {
  if (ORCH_TEST_FULL_SIZE) execFileSync('prlimit', [`--pid=${process.pid}`, `--fsize=${ORCH_TEST_FULL_SIZE}`])
  if (ORCH_TEST_FILLER) fill(ORCH_TEST_FILLER)
})

function fill(file) {
  const descriptor = openSync(file, 'a')
  try {
    for (;;) writeSync(descriptor, Buffer.alloc(65_536))
  } catch (error) {
    if (error.code !== 'ENOSPC') throw error
  } finally {
    closeSync(descriptor)
  }
}
