import { main } from '../../cli/main.ts';

/** `cpns replay` with these arguments in a process of its own, and then what the process took. */
/** Until then the sources are loaded, which the built package does faster. */
const loadedMs = Math.round(performance.now());
process.exitCode = await main(['replay', ...process.argv.slice(2)]);
const megabytes = Math.round(process.resourceUsage().maxRSS / 1_000);
/** Since the process began: what whoever waits for the command waits. */
const ms = Math.round(performance.now());
process.stdout.write(`\n${JSON.stringify({ megabytes, ms, loadedMs })}\n`);
