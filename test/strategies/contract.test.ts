import { STRATEGIES } from '../../dist/strategies/select.js';
import { contract } from './contract.ts';

for (const name of STRATEGIES) contract(name);
