import { Predictor } from '../helpers/selector.ts';
import { classicSelectors } from './selector-cbpf.ts';

classicSelectors(new Predictor());
