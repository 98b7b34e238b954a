import type { StartScreen } from './program.ts'

/** What Claude Code may ask before its conversation begins. Measured on 2.1.332. */
export const CLAUDE_SCREENS: readonly StartScreen[] = [
  {
    name: 'trust',
    shows: /I trust this folder/,
    text: 'It asks whether you trust the folder',
    choices: {
      title: 'Quick safety check',
      choices: [
        { id: 'allow', label: 'Yes, I trust this folder' },
        { id: 'deny', label: 'No, exit' },
      ],
    },
  },
  {
    name: 'theme',
    shows: /Choose the text style/,
    text: 'It asks for a theme',
    choices: {
      title: 'Choose the text style that looks best with your terminal',
      choices: [
        { id: 'auto', label: 'Auto (match terminal)' },
        { id: 'dark', label: 'Dark mode' },
        { id: 'light', label: 'Light mode' },
        { id: 'dark-daltonized', label: 'Dark mode (colorblind-friendly)' },
        { id: 'light-daltonized', label: 'Light mode (colorblind-friendly)' },
        { id: 'dark-ansi', label: 'Dark mode (ANSI colors only)' },
        { id: 'light-ansi', label: 'Light mode (ANSI colors only)' },
      ],
    },
  },
  {
    name: 'notes',
    shows: /Security notes:.*Press Enter to continue/,
    text: 'It shows notes on security',
    choices: {
      title: 'Security notes:',
      choices: [{ id: 'continue', label: 'Press Enter to continue', key: 'Enter' }],
    },
  },
  {
    name: 'key',
    shows: /Detected a custom API key in your environment/,
    text: 'It asks whether to use the key in ANTHROPIC_API_KEY',
    choices: {
      title: 'Do you want to use this API key',
      choices: [
        { id: 'allow', label: 'Yes' },
        { id: 'deny', label: 'No (recommended)' },
      ],
    },
  },
  {
    name: 'mcp',
    shows: /New MCP server found in this project/,
    text: 'It asks whether to use the MCP server that the project names in .mcp.json',
    choices: {
      title: 'New MCP server found in this project',
      choices: [
        { id: 'allow', label: 'Use this MCP server' },
        { id: 'always', label: 'Use this and all future MCP servers in this project' },
        { id: 'deny', label: 'Continue without using this MCP server' },
      ],
    },
  },
  {
    name: 'mcp-servers',
    shows: /new MCP servers found in this project/,
    text: 'It asks which MCP servers of the project to use: choose them in its window',
  },
  {
    name: 'bypass',
    shows: /Bypass Permissions mode.*Yes, I accept/,
    text: 'It asks whether you accept that it asks for no permission',
    choices: {
      title: 'WARNING: Claude Code running in Bypass Permissions mode',
      choices: [
        { id: 'allow', label: 'Yes, I accept' },
        { id: 'deny', label: 'No, exit' },
      ],
    },
  },
  {
    name: 'resume',
    shows: /Resume session .*(Search|No sessions)/,
    text: 'It asks which conversation to go on with: choose it in its window',
  },
  { name: 'login', shows: /Select login method/, text: 'It asks you to log in: do so in its window' },
]
