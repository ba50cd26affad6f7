import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { BaseExceptionFilter, HttpAdapterHost, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { createSessions, readDuration } from '@sess/core';
import { sessionMiddleware } from '@sess/express';
import { sessionMiddleware as sessionPlugin } from '@sess/fastify';
import { AccountController } from './account.controller.js';
import { SessionFilter } from './session.guard.js';

@Module({ controllers: [AccountController] })
class AppModule {}

const renewAfter = readDuration('RENEW_AFTER', process.env['RENEW_AFTER']) ?? '15m';
const sessions = createSessions({ renewAfter });
const options = { transport: 'cookie' } as const;

async function create() {
  if (process.env['PLATFORM'] !== 'fastify') {
    const app = await NestFactory.create(AppModule);
    return app.use(sessionMiddleware(sessions, options));
  }
  const app = await NestFactory.create<NestFastifyApplication>(AppModule, new FastifyAdapter());
  await app.register(sessionPlugin(sessions, options));
  return app;
}

const app = await create();
const { httpAdapter } = app.get(HttpAdapterHost);
app.useGlobalFilters(new SessionFilter(new BaseExceptionFilter(httpAdapter)));
await app.listen(process.env['PORT'] ?? 3000, 'localhost');
