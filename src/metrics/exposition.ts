import { AggregatorRegistry, collectDefaultMetrics, Registry } from 'prom-client';
import type { Family } from './family.js';

/** Milliseconds. prom-client's default, 10, would wake an idle primary a hundred times a second. */
const LOOP_PRECISION = 100;

let processRegistry: Registry | undefined;

/** Of this process; made on first use, and once: what watches its event loop and its garbage collector for it cannot
 * be ended. */
function ofThisProcess(): Registry {
  if (processRegistry !== undefined) return processRegistry;
  processRegistry = new Registry();
  collectDefaultMetrics({
    register: processRegistry,
    prefix: 'evenkeel_primary_',
    eventLoopMonitoringPrecision: LOOP_PRECISION,
  });
  return processRegistry;
}

/** Prometheus' text format, 0.0.4: the fleet's own metrics, the primary's, and the application's of all workers as
 * its metrics say they are to be merged. Never those of prom-client's global registry. */
export async function expose(fleet: Family[], application: Family[][]): Promise<string> {
  const registries = [AggregatorRegistry.aggregate([fleet]), ofThisProcess()];
  if (application.length > 0) registries.push(AggregatorRegistry.aggregate(application));
  const texts = await Promise.all(registries.map((registry) => registry.metrics()));
  return texts.filter((text) => text.trim() !== '').join('\n');
}
