import { createRequire } from 'node:module';
import type { Registry } from 'prom-client';
import type { Family } from './family.js';

/** Milliseconds. prom-client's default, 10, would wake an idle primary a hundred times a second. */
const LOOP_PRECISION = 100;

const require = createRequire(import.meta.url);

/** Loaded on first use: a fleet nobody asks does without. By require(), which tries anew where it failed for want of
 * descriptors; an import that failed once fails for good. */
function client(): typeof import('prom-client') {
  return require('prom-client');
}

let processRegistry: Registry | undefined;

/** Of this process; made on first use, and once: what watches its event loop and its garbage collector for it cannot
 * be ended. */
function ofThisProcess(): Registry {
  if (processRegistry !== undefined) return processRegistry;
  const { Registry, collectDefaultMetrics } = client();
  const registry = new Registry();
  collectDefaultMetrics({
    register: registry,
    prefix: 'evenkeel_primary_',
    eventLoopMonitoringPrecision: LOOP_PRECISION,
  });
  processRegistry = registry;
  return registry;
}

/** Prometheus' text format, 0.0.4: the fleet's own metrics, the primary's, and the application's of all workers as
 * its metrics say they are to be merged. Never those of prom-client's global registry. */
export async function expose(fleet: Family[], application: Family[][]): Promise<string> {
  const { AggregatorRegistry } = client();
  const registries = [AggregatorRegistry.aggregate([fleet]), ofThisProcess()];
  if (application.length > 0) registries.push(AggregatorRegistry.aggregate(application));
  const texts = await Promise.all(registries.map((registry) => registry.metrics()));
  return texts.filter((text) => text.trim() !== '').join('\n');
}
