import { main } from '../../cli/main.ts';

/** `cpns replay verify` of one file, and then how much memory the process had at most. */
const started = Date.now();
process.exitCode = await main(['replay', 'verify', process.argv[2] ?? '']);
const megabytes = Math.round(process.resourceUsage().maxRSS / 1_000);
const seconds = Math.round((Date.now() - started) / 1_000);
process.stdout.write(`${JSON.stringify({ megabytes, seconds })}\n`);
