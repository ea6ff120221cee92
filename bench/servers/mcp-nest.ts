// @rekog/mcp-nest on Nest's express platform, without sessions, its default.
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { McpStrategy, StreamableHttpTransport } from '@rekog/mcp-nest';
import { descriptionOf, inputOf, port, run, toolNames, type Input } from './work.ts';

const mcp = new McpStrategy({ name: 'bench', version: '1.0.0', transports: [new StreamableHttpTransport()], logging: false });
for (const name of toolNames)
  mcp.registerTool({ name, description: descriptionOf(name), parameters: inputOf(name), handler: (input) => run(input as Input) });

class AppModule {}
Module({})(AppModule);
const app = await NestFactory.create(AppModule, { logger: false });
mcp.setHttpAdapter(app.getHttpAdapter());
app.connectMicroservice({ strategy: mcp });
await app.startAllMicroservices();
await app.listen(port, '127.0.0.1');
