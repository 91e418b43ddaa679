/**
 * `npm run audit`: known advisories for what package-lock.json names, as `npm audit` is told by the registry. An endpoint that
 * cannot be asked is told apart from a finding: it says nothing about the packages.
 *
 * Exit code 0: asked, nothing known; 1: asked, something is known; 3: could not be asked.
 */
import { spawnSync } from 'node:child_process';
import { z } from 'zod';

const CLEAN = 0;
const VULNERABLE = 1;
const NOT_ASKED = 3;

const Report = z.object({
  vulnerabilities: z.record(z.string(), z.object({ severity: z.string(), range: z.string() })),
  metadata: z.object({ dependencies: z.object({ total: z.int() }) }),
});
const Refusal = z.object({ message: z.string() });

/** `npm audit` ends with 1 in both cases; what it prints tells which. */
function audit(): number {
  const { stdout, error } = spawnSync('npm', ['audit', '--json', ...process.argv.slice(2)], { encoding: 'utf8' });
  const answer = error === undefined ? parse(stdout) : null;
  const report = Report.safeParse(answer).data;
  if (report === undefined) {
    const reason = error?.message ?? Refusal.safeParse(answer).data?.message ?? 'npm audit gave no report';
    process.stderr.write(
      `not asked: ${reason}\nNothing is known about the packages. Ask a registry that has the advisories: npm run audit -- --registry URL\n`,
    );
    return NOT_ASKED;
  }
  const found = Object.entries(report.vulnerabilities);
  for (const [name, { severity, range }] of found) process.stdout.write(`${severity}: ${name} ${range}\n`);
  process.stdout.write(`${report.metadata.dependencies.total} packages, ${found.length} with known advisories\n`);
  return found.length === 0 ? CLEAN : VULNERABLE;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

process.exitCode = audit();
