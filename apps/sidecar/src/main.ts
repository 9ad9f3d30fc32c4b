#!/usr/bin/env node
import './bound-heap.ts';
import { main } from './program.ts';

void main();
