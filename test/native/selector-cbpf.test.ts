import { Predictor } from '../helpers/selector-cbpf.ts';
import { classicSelectors } from './selector-cbpf.ts';

classicSelectors(new Predictor());
