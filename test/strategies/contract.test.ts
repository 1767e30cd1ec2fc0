import { PAIRS } from '../../dist/strategies/select.js';
import { contract } from './contract.ts';

for (const { strategy, policy } of PAIRS) contract(strategy, policy);
