import type { StartScreen } from './program.ts'

/** What Codex may ask before its conversation begins. Measured on 0.169.0. */
export const CODEX_SCREENS: readonly StartScreen[] = [
  {
    name: 'hooks',
    shows: /Hooks need review/,
    text: 'It asks you to review hooks',
    choices: {
      title: 'Hooks need review',
      choices: [
        { id: 'trust', label: '2. Trust all and continue' },
        { id: 'skip', label: "3. Continue without trusting (hooks won't run)" },
      ],
    },
  },
  {
    name: 'trust',
    shows: /Trust this folder\?|Do you trust/,
    text: 'It asks whether you trust the folder',
    choices: { title: 'Trust this folder', choices: [{ id: 'allow', label: '1. Trust and continue' }] },
  },
  {
    name: 'update',
    shows: /Update available.*Skip/,
    text: 'It offers an update',
    choices: {
      title: 'Update available',
      choices: [
        { id: 'skip', label: '2. Skip' },
        { id: 'later', label: '3. Skip until next version' },
      ],
    },
  },
  {
    name: 'resume',
    shows: /Resume a previous session/,
    text: 'It asks which conversation to go on with: choose it in its window, or begin a new one',
    choices: { title: 'Resume a previous session', choices: [{ id: 'new', label: 'esc start new', key: 'Escape' }] },
  },
  { name: 'login', shows: /Sign in with ChatGPT/, text: 'It asks you to log in: do so in its window' },
]
